"""The console at `/console`: a folder of static files, and the one file that says where the rest of the platform is."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

    from shared.settings import Settings

FOLDER = Path(__file__).parent / "console"
FIRST_PAGE = "index.html"
CONFIGURATION = "config.json"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".wav": "audio/wav",
}
"""What may lie in the folder; a file of another kind is not served."""
_PACKED_ALREADY = frozenset({".png", ".woff2"})
_REFUSED = re.compile(r"q\s*=\s*0(\.0*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleFile:
    """A file as it is sent: plain, and packed where that makes it smaller."""

    content_type: str
    plain: bytes
    packed: bytes | None
    tag: str

    @classmethod
    def of(cls, name: str, content: bytes) -> ConsoleFile:
        """Pack and tag the content; the name's end tells the type."""
        kind = Path(name).suffix
        packed = None if kind in _PACKED_ALREADY else gzip.compress(content, mtime=0)
        return cls(
            content_type=TYPES[kind],
            plain=content,
            packed=packed if packed is not None and len(packed) < len(content) else None,
            tag=hashlib.sha256(content).hexdigest()[:32],
        )


class ConsoleFiles:
    """Everything below a folder, by relative path; a path that leads out of it is no file's name."""

    def __init__(self, folder: Path, *, follows_changes: bool) -> None:
        """`follows_changes`: whoever works on the files sees them without a restart."""
        self._folder = folder
        self._follows_changes = follows_changes
        self._files: dict[str, ConsoleFile] = {}
        self._state: dict[str, int] = {}
        self._read()

    def find(self, path: str) -> ConsoleFile | None:
        """The file; a folder's is its first page."""
        if self._follows_changes:
            self._read()
        return self._files.get(path or FIRST_PAGE)

    def _read(self) -> None:
        """Read what is new or has changed, forget what is gone."""
        found = {
            file.relative_to(self._folder).as_posix(): file
            for file in self._folder.rglob("*")
            if file.suffix in TYPES and file.is_file() and not file.is_symlink()
        }
        state = {name: file.stat().st_mtime_ns for name, file in found.items()}
        self._files = {
            name: self._files[name] if self._state.get(name) == state[name] else ConsoleFile.of(name, file.read_bytes())
            for name, file in found.items()
        }
        self._state = state


def console_routes(settings: Settings, folder: Path = FOLDER) -> list[Route]:
    """What the stream service answers below `/console`; none of it is secret, so nobody need sign in for it."""
    files = ConsoleFiles(folder, follows_changes=settings.environment == "development")
    configuration = ConsoleFile.of(CONFIGURATION, msgspec.json.encode(console_configuration(settings)))
    headers = security_headers(settings)

    async def to_folder(_request: Request) -> Response:
        return RedirectResponse("/console/", status_code=308, headers=headers)

    async def serve(request: Request) -> Response:
        path = request.path_params["path"]
        file = configuration if path == CONFIGURATION else files.find(path)
        if file is None:
            raise HTTPException(404, "The console has no such file.")
        return _answer(request.headers, file, headers)

    return [Route("/console", to_folder), Route("/console/{path:path}", serve)]


def console_configuration(settings: Settings) -> dict[str, object]:
    """What the page reads first; addresses without a host are the page's own."""
    issuer = _origin(settings.jwt_issuer)
    sign_in = {"kind": "cognito", "endpoint": issuer, "client_id": settings.jwt_audience} if issuer else None
    return {
        "api_base_url": "",
        "updates_url": "/updates",
        "sign_in": sign_in,
        "simulator_url": settings.console_simulator_url,
        "environment": settings.environment,
    }


def security_headers(settings: Settings) -> dict[str, str]:
    """What the page may load and whom it may ask: itself, and the few others that it needs. Source: CSP level 3."""
    bucket = _bucket_origin(settings)
    own_socket = settings.public_base_url.replace("http", "ws", 1)
    simulator = settings.console_simulator_url
    asked = [
        own_socket,
        _origin(settings.jwt_issuer),
        bucket,
        simulator,
        simulator.replace("http", "ws", 1) if simulator else None,
    ]
    policy: dict[str, list[str | None]] = {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", bucket],
        "media-src": ["'self'", "blob:", bucket],
        "connect-src": ["'self'", *asked],
        "font-src": ["'self'"],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    return {
        "content-security-policy": "; ".join(
            f"{directive} {' '.join(source for source in sources if source)}" for directive, sources in policy.items()
        ),
        "permissions-policy": "microphone=(self), camera=(), geolocation=(), payment=()",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        # Asked for anew each time, and mostly answered by 304: a deployment is seen at once.
        "cache-control": "no-cache",
    }


def _bucket_origin(settings: Settings) -> str | None:
    """Where links to recordings and media lead; a test holds it to what the recording store signs."""
    if settings.aws_endpoint_url:
        return _origin(settings.aws_endpoint_url)
    if not (settings.bucket and settings.aws_region):
        return None
    return f"https://{settings.bucket}.s3.{settings.aws_region}.amazonaws.com"


def _origin(url: str | None) -> str | None:
    if not url:
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _answer(request: Mapping[str, str], file: ConsoleFile, common: Mapping[str, str]) -> Response:
    """The file, packed for whoever unpacks it; 304 for whoever has it."""
    is_packed = file.packed is not None and _accepts_gzip(request.get("accept-encoding", ""))
    # Strong: the same tag promises the same bytes, and packed ones are others.
    tag = f'"{file.tag}-gzip"' if is_packed else f'"{file.tag}"'
    headers = {**common, "etag": tag, "vary": "accept-encoding"}
    if _names(request.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    headers |= {"content-type": file.content_type}
    if is_packed:
        headers |= {"content-encoding": "gzip"}
    return Response(file.packed if is_packed else file.plain, headers=headers)


def _accepts_gzip(header: str) -> bool:
    """Whether a client unpacks gzip. Source: RFC 9110, section 12.5.3."""
    weights = {}
    for entry in header.lower().split(","):
        coding, _, weight = entry.partition(";")
        weights[coding.strip()] = weight.strip()
    return not _REFUSED.fullmatch(weights.get("gzip", weights.get("*", "q=0")))


def _names(if_none_match: str, tag: str) -> bool:
    """Whether the client has what the tag stands for. Source: RFC 9110, section 13.1.2."""
    known = [entry.strip().removeprefix("W/") for entry in if_none_match.split(",")]
    return tag in known or "*" in known
