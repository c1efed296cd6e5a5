"""Starts the stream service; SIGTERM lets live calls finish, takes no new ones, then stops."""

from __future__ import annotations

import resource

from shared import observability, wiring
from shared.observability import logger
from shared.settings import SettingsInvalid
from stream_service import composition
from stream_service.live_calls import LiveCalls
from stream_service.server import DrainingServer, configure


def allow_many_sockets() -> None:
    """Take as many file descriptors as the process may have; the usual 1,024 are fewer than the sockets it takes."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> None:
    """Serve until told to stop and the last call is over.

    Raises:
        SystemExit: the settings are not usable; the log says why.
    """
    observability.write_in_background()
    observability.catch_all()
    allow_many_sockets()
    try:
        settings = wiring.settings()
    except SettingsInvalid as error:
        logger.error("service_not_started", code=error.code, reason=str(error))
        raise SystemExit(1) from error
    live_calls = LiveCalls(settings.calls_per_task)
    app = composition.stream_app(settings, live_calls)
    DrainingServer(configure(app, host=settings.stream_host, port=settings.stream_port), live_calls).run()


if __name__ == "__main__":
    main()
