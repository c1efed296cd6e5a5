"""A server that counts its visitors and answers what it is told to."""

from __future__ import annotations

import http.server
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What it answers."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/plain"),)
    body: bytes = b"secrets of the inside"


@dataclass
class Listener:
    """Listens on a free port of this machine while the context lasts."""

    reply: Reply = field(default_factory=Reply)
    visits: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Begin."""
        listener = self

        class _Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the name that the base class looks for
                listener.visits.append(f"{self.command} {self.path} {self.headers.get('authorization', '')}")
                reply = listener.reply
                self.send_response(reply.status)
                for name, value in reply.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_GET  # noqa: N815 - as above

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def host(self) -> str:
        """Where."""
        return "127.0.0.1"

    @property
    def port(self) -> int:
        """At which port."""
        return int(self._server.server_address[1])
