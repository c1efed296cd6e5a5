"""Starting and ending other programs so that none of them outlives the platform."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

FOLLOW_PARENT = Path(__file__).with_name("follow_parent.py")


def spawn(
    command: Sequence[str | os.PathLike[str]],
    *,
    log: Path,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    user: str | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start `command` in its own process group, with its output appended to `log`.

    On Linux the program gets `stop_signal` when the *thread* that called this ends, so call it from a thread that
    lives as long as the program should. The new process group keeps the terminal's Ctrl-C to ourselves: we stop
    the programs in an order of our choice.
    """
    follow = [sys.executable, "-I", "-S", str(FOLLOW_PARENT), "--parent", str(os.getpid())]
    follow += ["--signal", stop_signal.name.removeprefix("SIG")]
    if user:
        follow += ["--user", user]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            [*follow, "--", *(os.fspath(part) for part in command)],
            cwd=cwd,
            env=None if environment is None else dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=pass_fds,
        )


def stop(
    process: subprocess.Popen[bytes],
    *,
    stop_signal: signal.Signals = signal.SIGTERM,
    within_seconds: float = 10.0,
) -> None:
    """Ask the program to end; after `within_seconds` kill it and everything it started."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(within_seconds)
    kill_group(process.pid)
    process.wait()


def kill_group(leader_pid: int) -> None:
    """Kill what is left of the process group that `leader_pid` led; nothing left is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader_pid, signal.SIGKILL)
