"""Starts the stream service; SIGTERM lets live calls finish, takes no new ones, then stops."""

from __future__ import annotations

from types import FrameType

import uvicorn

from shared import wiring
from stream_service import composition
from stream_service.live_calls import LiveCalls

_LARGEST_MESSAGE_BYTES = 65_536


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
        is_drained = self._live_calls.is_draining and self._live_calls.active == 0
        return await super().on_tick(counter) or is_drained


def main() -> None:
    """Serve until told to stop and the last call is over."""
    settings = wiring.settings()
    live_calls = LiveCalls(settings.calls_per_task)
    config = uvicorn.Config(
        composition.stream_app(settings, live_calls),
        host=settings.stream_host,
        port=settings.stream_port,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=_LARGEST_MESSAGE_BYTES,
        # Twilio sends a frame every 20 ms; silence tells of a dead line sooner than pings would.
        ws_ping_interval=None,
        access_log=False,
        log_config=None,
        server_header=False,
    )
    DrainingServer(config, live_calls).run()


if __name__ == "__main__":
    main()
