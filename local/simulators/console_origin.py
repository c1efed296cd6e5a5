"""Which web pages may use the simulated telephone and the simulated WhatsApp: the console's, on this machine."""

from __future__ import annotations

from urllib.parse import urlsplit

LOOPBACK_NAMES = ("127.0.0.1", "localhost")


def console_origins(base_url: str) -> tuple[str, ...]:
    """The origin of the platform's own pages; one on the loopback interface has two names."""
    parts = urlsplit(base_url)
    if parts.hostname not in LOOPBACK_NAMES:
        return (f"{parts.scheme}://{parts.netloc}",)
    port = "" if parts.port is None else f":{parts.port}"
    return tuple(f"{parts.scheme}://{name}{port}" for name in LOOPBACK_NAMES)


def is_welcome(origin: str | None, origins: tuple[str, ...]) -> bool:
    """Whether a request may come in. A browser always names the page's origin; other programs name none."""
    return origin is None or origin in origins
