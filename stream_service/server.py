"""The server process: how the application is served, and how serving ends."""

from __future__ import annotations

from types import FrameType

import uvicorn
from starlette.applications import Starlette

from stream_service.impatient_http import LARGEST_HEAD_BYTES, ImpatientHTTP
from stream_service.live_calls import LiveCalls
from stream_service.updates.update_socket import UpdateSocket
from stream_service.upgrade import SocketUpgrade


class DrainingServer(uvicorn.Server):
    """A server that a signal does not cut off: it stops when the last call is over, and at once at a second signal."""

    def __init__(self, config: uvicorn.Config, live_calls: LiveCalls) -> None:
        super().__init__(config)
        self._live_calls = live_calls

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain."""
        if self._live_calls.is_draining:
            super().handle_exit(sig, frame)
        self._live_calls.drain()

    async def on_tick(self, counter: int) -> bool:
        """Whether it is time to stop; asked ten times a second."""
        is_drained = self._live_calls.is_draining and self._live_calls.active == 0 and not self._has_readers()
        return await super().on_tick(counter) or is_drained

    def _has_readers(self) -> bool:
        """Whether updates sockets are open; a draining service sends them away within seconds."""
        return any(isinstance(connection, UpdateSocket) for connection in self.server_state.connections)


def configure(app: Starlette, *, host: str, port: int) -> uvicorn.Config:
    """How the application is served; on uvloop where there is one."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=ImpatientHTTP,
        ws=SocketUpgrade,
        ws_per_message_deflate=False,
        h11_max_incomplete_event_size=LARGEST_HEAD_BYTES,
        # One request a connection: see ImpatientHTTP.
        headers=[("connection", "close")],
        access_log=False,
        log_config=None,
        server_header=False,
    )
