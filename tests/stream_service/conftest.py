"""Real sockets are tried on both event loops: uvloop's transports, which production has, differ from asyncio's."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping

import pytest

_ON_REAL_SOCKETS = frozenset(
    {"test_media_endpoint.py", "test_server.py", "test_update_socket.py", "test_updates_door.py", "test_upgrade.py"}
)


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The event loops that a test runs on, one after the other."""
    loops: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    if item.path.name in _ON_REAL_SOCKETS and sys.platform != "win32":
        import uvloop

        loops["uvloop"] = uvloop.new_event_loop
    return loops
