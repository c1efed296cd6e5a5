"""Watches the processes of the copy: who is started again, who grows, who leaves a traceback in a log."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from local.drill.platform_copy import PlatformCopy
from local.running_stack import NotRunning

POLL_SECONDS = 0.5
CRASH_LOOP_STARTS = 4
"""So many starts of one process within one fault are a crash loop; a kill is one."""

_TRACEBACK = b"Traceback (most recent call last)"
_BYTES_PER_KB = 1024


class ProcessWatch:
    """Counts the starts of every process from the moment it is created."""

    def __init__(self, copy: PlatformCopy) -> None:
        self._copy = copy
        self._living = self._pids()
        self._starts: list[tuple[float, str]] = []

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            now = self._pids()
            for name, pids in now.items():
                self._starts += [(time.monotonic(), name)] * len(pids - self._living.get(name, set()))
            self._living |= now

    def starts(self, *, since: float, until: float) -> Counter[str]:
        """How many processes of each name were started in that time, for one of them."""
        counted = Counter(name for at, name in self._starts if since <= at < until)
        return Counter({name: -(-count // max(1, len(self._living[name]))) for name, count in counted.items()})

    def memory_mb(self) -> dict[str, float]:
        """What the processes of each name hold now."""
        return {name: sum(_resident_mb(pid) for pid in pids) for name, pids in self._living.items()}

    def _pids(self) -> dict[str, set[int]]:
        try:
            known = self._copy.facts["pids"]
        except NotRunning:
            return {}
        return {name: set(pids if isinstance(pids, list) else [pids]) for name, pids in known.items()}


class LogWatch:
    """Counts the tracebacks that come into the logs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read_until: dict[Path, int] = {}

    def new_tracebacks(self) -> Counter[str]:
        """By program, since the last time asked."""
        found: Counter[str] = Counter()
        for log in self._logs():
            size = log.stat().st_size
            begun = self._read_until.get(log, 0)
            with log.open("rb") as file:
                file.seek(begun if begun <= size else 0)  # A bounded log begins anew.
                found[log.stem] += file.read().count(_TRACEBACK)
            self._read_until[log] = size
        return +found

    def _logs(self) -> Iterable[Path]:
        return self._folder.glob("*.log")


def _resident_mb(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    line = next((line for line in status.splitlines() if line.startswith("VmRSS:")), "VmRSS: 0 kB")
    return int(line.split()[1]) / _BYTES_PER_KB
