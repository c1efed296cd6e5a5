"""Which TCP ports of this machine can be used."""

from __future__ import annotations

import random
import socket

HOST = "127.0.0.1"

# Below the range that Linux gives to outgoing connections, and such that port + 10000 is a port too.
FIRST_FREE_PORT, LAST_FREE_PORT = 20_000, 32_000


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def is_listening(port: int) -> bool:
    """Whether something accepts connections on `port`."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0


def free_port(*also_free_at: int) -> int:
    """Return a port that is free now, and free at each offset of `also_free_at` too.

    Raises:
        OSError: no such port was found.
    """
    for port in random.sample(range(FIRST_FREE_PORT, LAST_FREE_PORT), 200):
        if all(is_free(port + offset) for offset in (0, *also_free_at)):
            return port
    message = "no free port found on this machine"
    raise OSError(message)
