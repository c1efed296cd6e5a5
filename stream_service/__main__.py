"""Starts the stream service; SIGTERM lets live calls finish, takes no new ones, then stops."""

from __future__ import annotations

from shared import wiring
from stream_service import composition
from stream_service.live_calls import LiveCalls
from stream_service.server import DrainingServer, configure


def main() -> None:
    """Serve until told to stop and the last call is over."""
    settings = wiring.settings()
    live_calls = LiveCalls(settings.calls_per_task)
    app = composition.stream_app(settings, live_calls)
    DrainingServer(configure(app, host=settings.stream_host, port=settings.stream_port), live_calls).run()


if __name__ == "__main__":
    main()
