"""Which servers may be visited, by their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

_USUAL_PORT = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedHosts:
    """The servers that an operator has named for the tools of agents.

    Attributes:
        names: `host`, `host:port`, or `*.domain` for whatever lies below it.
        may_be_local: whether a server that is named in full may lie on this machine, without TLS; in development only.
    """

    names: tuple[str, ...] = ()
    may_be_local: bool = False

    @classmethod
    def of(cls, listed: str, *, may_be_local: bool = False) -> AllowedHosts:
        """Names that are parted by commas."""
        names = (name.strip().lower() for name in listed.split(","))
        return cls(names=tuple(name for name in names if name), may_be_local=may_be_local)

    def problem(self, url: str) -> str | None:
        """Why this address may not be visited; None if it may."""
        parts = urlsplit(url)
        if parts.scheme not in _USUAL_PORT:
            return "The address must begin with https."
        if not self._holds(parts.hostname or "", parts.port or _USUAL_PORT[parts.scheme]):
            return "The host is not on the list of TOOL_HOSTS."
        if parts.scheme != "https" and not self.trusts(url):
            return "The address must begin with https."
        return None

    def trusts(self, url: str) -> bool:
        """Whether its server may lie on this machine."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _USUAL_PORT.get(parts.scheme, 0)
        return self.may_be_local and f"{host}:{port}" in self.names

    def _holds(self, host: str, port: int) -> bool:
        if f"{host}:{port}" in self.names:
            return True
        return port == _USUAL_PORT["https"] and is_named(host, self.names)


def is_named(host: str, names: Sequence[str]) -> bool:
    """Whether the host is one of the names, or lies below one that begins with `*.`."""
    host = host.lower()
    return any(host.endswith(name[1:]) if name.startswith("*.") else host == name for name in names)
