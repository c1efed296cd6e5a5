"""The lock files: which of them make which deployable, and what they pin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from local.layout import REPOSITORY

FUNCTION_LOCKS = tuple(
    str(path.relative_to(REPOSITORY)) for path in sorted((REPOSITORY / "functions").glob("*/requirements.txt"))
)
DEPLOYABLES = {
    "functions": ("shared/requirements.txt", *FUNCTION_LOCKS),
    "stream_service": ("stream_service/requirements.txt",),
    "local": ("requirements/local.txt",),
}
"""What is shipped, and the locks that it is installed from. The layer belongs to the functions."""

TOOL_LOCKS = (
    "requirements/bootstrap.txt",
    "requirements/dev.txt",
    "requirements/judges.txt",
    "requirements/runtime.txt",
    "benchmarks/voice/pipecat_server/requirements.txt",
)
"""What builds, judges and measures; nobody is handed it."""

ALL_LOCKS = (*(lock for locks in DEPLOYABLES.values() for lock in locks), *TOOL_LOCKS)

_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?P<extras>\[[^]]*\])?==(?P<version>[^\s;]+)"
    r"(?:\s*;\s*(?P<marker>[^\\]+?))?(?P<hashes>(?:\s+--hash=sha256:[0-9a-f]{64})+)"
)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


class LockInvalidError(Exception):
    """A line of a lock pins nothing, or by no hash; the message holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One version of one package. `hashes` are of the files that may be installed, in hexadecimal; SHA-256."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


def read_locks(locks: Iterable[str], root: Path = REPOSITORY) -> list[Pin]:
    """What these locks pin, in order; a version that several hold comes once.

    Raises:
        LockInvalidError: see there.
    """
    found: dict[tuple[str, str], Pin] = {}
    for lock in locks:
        for pin in parse((root / lock).read_text(encoding="utf-8")):
            found.setdefault((pin.name, pin.version), pin)
    return [found[key] for key in sorted(found)]


def parse(text: str) -> Iterator[Pin]:
    """The pins of one lock file. Anything else in it, an address or an option, is an error.

    Raises:
        LockInvalidError: see there.
    """
    for line in text.replace("\\\n", " ").splitlines():
        requirement = line.partition(" #")[0].strip()
        if not requirement or requirement.startswith("#"):
            continue
        pinned = _PIN.fullmatch(requirement)
        if pinned is None:
            raise LockInvalidError(f"not a version with hashes: {requirement[:80]}")
        yield Pin(
            name=canonicalize_name(pinned["name"]),
            version=pinned["version"],
            marker=(pinned["marker"] or "").strip(),
            hashes=tuple(_HASH.findall(pinned["hashes"])),
        )
