"""A running platform to play scenarios on: the one that runs already, else one that is started for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from local.layout import Layout
from local.running_stack import NotRunning
from local.status import is_ready

START_SECONDS = 300
STOP_SECONDS = 60
_POLL_SECONDS = 0.5


@contextmanager
def running_copy(layout: Layout) -> Iterator[None]:
    """See to it that the platform of this folder runs meanwhile.

    Raises:
        NotRunning: it cannot be started.
    """
    if is_ready(layout):
        yield
        return
    print("  the platform does not run; it is started and ended again", flush=True)
    command = [sys.executable, "-m", "local", "up", "--directory", str(layout.directory)]
    # It is there for the scenarios alone, whose operators ask as much as they like.
    variables = {"API_REQUESTS_PER_MINUTE": "100000", **os.environ}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=variables)
    try:
        _wait_until_ready(process, layout)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait_until_ready(process: subprocess.Popen[bytes], layout: Layout) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_ready(layout):
        if process.poll() is not None:
            raise NotRunning("the platform could not be started; `make run` says why")
        if time.monotonic() > deadline:
            raise NotRunning(f"the platform was not ready within {START_SECONDS} s")
        time.sleep(_POLL_SECONDS)
