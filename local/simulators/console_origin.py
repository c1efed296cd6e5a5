"""Which web pages may use the simulated telephone and the simulated WhatsApp: the console's, on this machine."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse, Response

LOOPBACK_NAMES = ("127.0.0.1", "localhost")


def console_origins(base_url: str) -> tuple[str, ...]:
    """The origin of the platform's own pages; one on the loopback interface has two names."""
    parts = urlsplit(base_url)
    if parts.hostname not in LOOPBACK_NAMES:
        return (f"{parts.scheme}://{parts.netloc}",)
    port = "" if parts.port is None else f":{parts.port}"
    return tuple(f"{parts.scheme}://{name}{port}" for name in LOOPBACK_NAMES)


def refusal(origin: str | None, origins: tuple[str, ...], *, is_valid: bool = True) -> Response | None:
    """Why a request of this origin may not come in; None when it may.

    A browser always names the page's origin; other programs name none. `is_valid`: what it says makes sense.
    """
    if origin is not None and origin not in origins:
        return PlainTextResponse("Only the console of this platform may do that.", status_code=403)
    return None if is_valid else PlainTextResponse("The number is not one that can be called.", status_code=400)
