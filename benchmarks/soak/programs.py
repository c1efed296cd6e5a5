"""What each program of the platform holds: memory, descriptors, sockets, threads; and what it costs. Reads /proc."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.voice.processors import own_cpu_seconds, process_tree, unique_mib

_PROC = Path("/proc")
LOAD = "load"
"""The callers and writers themselves, under a name beside those of the platform's programs."""

_HOSTS = frozenset({"front_door", "queue_poller", "supervisor", LOAD})
"""Their children are programs that are listed by themselves."""

LOCAL_ONLY = frozenset({"supervisor", "front_door", "queue_poller", "aws", "simulators", "speech", LOAD})
"""Stand-ins for what AWS, the providers and people do; they exist on a developer's machine only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramReading:
    """All processes of a program together. `uss_mib` is memory that no other process has too."""

    processes: int
    uss_mib: float
    descriptors: int
    sockets: int
    threads: int
    cpu_seconds: float


def read_programs(pids: Mapping[str, Any]) -> dict[str, ProgramReading]:
    """Each program of `stack.json` that runs."""
    readings = {name: _read(_processes(name, known)) for name, known in pids.items()}
    return {name: reading for name, reading in readings.items() if reading.processes}


def leading_pids(pids: Mapping[str, Any]) -> dict[str, frozenset[int]]:
    """The processes of each program that the platform itself started: another one means that it had ended."""
    return {name: frozenset(known if isinstance(known, list) else [known]) for name, known in pids.items()}


def _processes(name: str, known: int | list[int]) -> Iterator[int]:
    for pid in known if isinstance(known, list) else [known]:
        yield from [pid] if name in _HOSTS else process_tree(pid)


def _read(pids: Iterable[int]) -> ProgramReading:
    processes = descriptors = sockets = threads = 0
    uss_mib = cpu_seconds = 0.0
    for pid in pids:
        # It may end while it is read.
        with suppress(FileNotFoundError, ProcessLookupError):
            memory = unique_mib(pid)
            targets = list(_descriptors(_PROC / str(pid) / "fd"))
            cpu_seconds += own_cpu_seconds(pid)
            threads += len(list((_PROC / str(pid) / "task").iterdir()))
            processes += 1
            uss_mib += memory
            descriptors += len(targets)
            sockets += sum(target.startswith("socket:") for target in targets)
    return ProgramReading(
        processes=processes,
        uss_mib=uss_mib,
        descriptors=descriptors,
        sockets=sockets,
        threads=threads,
        cpu_seconds=cpu_seconds,
    )


def _descriptors(folder: Path) -> Iterator[str]:
    for descriptor in folder.iterdir():
        with suppress(FileNotFoundError):
            yield str(descriptor.readlink())
