"""What processes cost, read from /proc (Linux): processor time, memory, threads; and which processor they run on."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_KIB_PER_MIB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A process tree at one moment. `cpu_seconds` are user and system time since it started."""

    at: float
    cpu_seconds: float
    uss_mib: float
    """Memory that is no other process's too."""

    threads: int


def read_tree(pid: int) -> Reading:
    """Read a process and its descendants.

    Raises:
        ProcessLookupError: it does not run.
    """
    cpu = uss = 0.0
    threads = 0
    for each in process_tree(pid):
        try:
            cpu += _cpu_seconds(_PROC / str(each) / "stat")
            memory_mib = unique_mib(each)
            threads += len(list((_PROC / str(each) / "task").iterdir()))
        except (FileNotFoundError, ProcessLookupError):
            if each == pid:
                raise ProcessLookupError(pid) from None
            continue
        uss += memory_mib
    return Reading(at=time.monotonic(), cpu_seconds=cpu, uss_mib=uss, threads=threads)


def own_cpu_seconds(pid: int) -> float:
    """User and system time of a process without its descendants.

    Raises:
        FileNotFoundError: it does not run.
    """
    return _cpu_seconds(_PROC / str(pid) / "stat")


def unique_mib(pid: int) -> float:
    """Memory of a process that is no other process's too.

    Raises:
        FileNotFoundError, ProcessLookupError: it does not run.
    """
    text = (_PROC / str(pid) / "smaps_rollup").read_text()
    private = re.findall(r"^Private_(?:Clean|Dirty):\s+(\d+) kB", text, re.MULTILINE)
    return sum(map(int, private)) / _KIB_PER_MIB


def pin(pid: int, processors: Iterable[int]) -> None:
    """Bind a process, all its threads and what it will start to these processors."""
    chosen = set(processors)
    for each in process_tree(pid):
        for task in (_PROC / str(each) / "task").iterdir():
            with suppress(ProcessLookupError):
                os.sched_setaffinity(int(task.name), chosen)


def busy_seconds(processor: int) -> float:
    """Time that one processor has worked for anybody since the machine started."""
    for line in (_PROC / "stat").read_text().splitlines():
        name, *numbers = line.split()
        if name == f"cpu{processor}":
            user, nice, system, _idle, _waiting, interrupts, soft_interrupts = map(int, numbers[:7])
            return (user + nice + system + interrupts + soft_interrupts) / _TICKS_PER_SECOND
    raise ValueError(f"there is no processor {processor}")


def process_tree(pid: int) -> list[int]:
    """A process and its descendants; a process that ended meanwhile may be among them."""
    found = [pid]
    for each in found:
        with suppress(FileNotFoundError, ProcessLookupError):
            for thread in (_PROC / str(each) / "task").iterdir():
                found += [int(child) for child in (thread / "children").read_text().split()]
    return found


def _cpu_seconds(stat: Path) -> float:
    # The name, in brackets, may hold spaces.
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND
