"""The processes of a running copy, told from later ones that got the same numbers; ending what a crash left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from local.child_process import kill_group

GRACE_SECONDS = 5.0


def birth_of(pid: int) -> str | None:
    """When a process was started, in the system's own terms; None when there is no such process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        if Path("/proc/self").exists():
            return None
        listed = subprocess.run(
            ["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False, timeout=10
        )
        return listed.stdout.strip() or None
    return None if fields[0] in {"Z", "X"} else fields[19]


def write_processes(file: Path, pids: Iterable[int]) -> None:
    """Remember processes, each of which leads a process group, so that a later `end_processes` finds them."""
    known = {str(pid): birth for pid in pids if (birth := birth_of(pid))}
    unfinished = file.with_suffix(".new")
    unfinished.write_text(json.dumps(known))
    os.replace(unfinished, file)  # noqa: PTH105 - the short form of an atomic exchange.


def living_processes(file: Path) -> list[int]:
    """Those of the remembered processes that still run."""
    try:
        known = json.loads(file.read_text())
    except (OSError, ValueError):
        return []
    return [int(pid) for pid, birth in known.items() if birth_of(int(pid)) == birth]


def end_processes(file: Path) -> None:
    """Wait a little for the remembered processes to end by themselves, then end the rest with their groups."""
    for number in (None, signal.SIGTERM, signal.SIGKILL):
        for pid in living_processes(file):
            if number is signal.SIGKILL:
                kill_group(pid)
            elif number is not None:
                os.kill(pid, number)
        deadline = time.monotonic() + GRACE_SECONDS
        while living_processes(file) and time.monotonic() < deadline:
            time.sleep(0.05)
        if not living_processes(file):
            return
