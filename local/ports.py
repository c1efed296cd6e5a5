"""Which TCP ports of this machine can be used."""

from __future__ import annotations

import fcntl
import functools
import os
import random
import socket
import tempfile
import threading
from pathlib import Path

HOST = "127.0.0.1"

# Below the range that Linux gives to outgoing connections (32768 and above), and such that port + 10000 is too.
FIRST_FREE_PORT, LAST_FREE_PORT = 12_700, 22_700


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

    Nobody else is given the same ones while this process lives: a server may take seconds until it listens.

    Raises:
        OSError: no such port was found.
    """
    for port in random.sample(range(FIRST_FREE_PORT, LAST_FREE_PORT), 500):
        if claim(*(port + offset for offset in (0, *also_free_at))):
            return port
    message = "no free port found on this machine"
    raise OSError(message)


def claim(*wanted: int) -> bool:
    """Whether all these ports were free and are ours now, among all copies of the platform, until this process ends."""
    with _turn:
        taken: list[int] = []
        for port in wanted:
            if port in _ours or not is_free(port) or not _lock(port):
                for each in taken:
                    fcntl.lockf(_claims(), fcntl.LOCK_UN, 1, each)
                return False
            taken.append(port)
        _ours.update(taken)
        return True


_ours: set[int] = set()
"""Those of this process, against which its own locks do not hold."""

_turn = threading.Lock()


@functools.cache
def _claims() -> int:
    """A file whose byte N is locked by whoever was given port N; the system unlocks it when that process ends."""
    path = Path(tempfile.gettempdir(), f"vaani-ports-{os.getuid()}")
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _lock(port: int) -> bool:
    try:
        fcntl.lockf(_claims(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    return True
