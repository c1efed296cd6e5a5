"""Where the local platform keeps its files and listens: one folder, one range of ports."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from local import ports
from local.valkey_cluster import BUS_PORT_OFFSET, NODES

REPOSITORY = Path(__file__).resolve().parent.parent
DEFAULT_PORT_BASE = 8080
MOST_STREAM_TASKS = 8
LAST_PORT = 65_535


class PortTakenError(Exception):
    """Something else listens where the front door should; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Every port of one copy of the platform, all on 127.0.0.1."""

    front_door: int
    stream_service: tuple[int, ...]
    aws: int
    simulators: int
    postgres: int
    identity: int
    speech: int
    valkey: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One copy's files. `directory` may be removed whenever the copy does not run."""

    directory: Path

    @property
    def stack_file(self) -> Path:
        """What outside tools read; exists only while the platform is ready."""
        return self.directory / "stack.json"

    @property
    def logs(self) -> Path:
        """One file per program."""
        return self.directory / "logs"

    @property
    def trace_file(self) -> Path:
        """The traces of every program."""
        return self.directory / "traces.jsonl"

    @property
    def run(self) -> Path:
        """What the programs of one start tell each other; emptied at each start."""
        return self.directory / "run"

    @property
    def process_file(self) -> Path:
        """Every process of the running copy."""
        return self.run / "processes.json"

    @property
    def configuration_file(self) -> Path:
        """See `local.configuration`."""
        return self.run / "configuration.json"

    def program_file(self, program: str) -> Path:
        """What a program with functions says about them."""
        return self.run / f"{program}.json"


def default_layout() -> Layout:
    """The copy that `VAANI_LOCAL_DIRECTORY` names, else `.local` in the repository."""
    return Layout(directory=Path(os.environ.get("VAANI_LOCAL_DIRECTORY") or REPOSITORY / ".local").absolute())


def default_port_base() -> int:
    """The front door's port: `VAANI_PORT_BASE`, else 8080."""
    return int(os.environ.get("VAANI_PORT_BASE") or DEFAULT_PORT_BASE)


def default_stream_tasks() -> str:
    """How many tasks the stream service has: `VAANI_STREAM_TASKS`, else two, as in production."""
    return os.environ.get("VAANI_STREAM_TASKS") or "2"


def read_stream_tasks(wanted: str) -> int:
    """The number of tasks that is meant.

    Raises:
        ValueError: not a number from 1 to 8.
    """
    if not wanted.isdecimal() or not 1 <= int(wanted) <= MOST_STREAM_TASKS:
        message = f"VAANI_STREAM_TASKS must be a number from 1 to {MOST_STREAM_TASKS}, not {wanted}"
        raise ValueError(message)
    return int(wanted)


def choose_ports(base: int, *, stream_tasks: int = 1) -> Ports:
    """The front door gets `base`; the others the ports behind it, or any free one where those are taken.

    Raises:
        PortTakenError: `base` itself is taken.
    """
    if not ports.is_free(base):
        message = (
            f"Port {base} is taken by another program. Stop it, or choose another range: VAANI_PORT_BASE=9080 make run"
        )
        raise PortTakenError(message)
    single = [_preferred(base + offset) for offset in range(1, 6)]
    first_node = base + 6
    nodes = tuple(_preferred(port, bus=True) for port in range(first_node, first_node + NODES))
    first_more = first_node + NODES
    speech = first_more + stream_tasks - 1
    more_tasks = tuple(_preferred(port) for port in range(first_more, speech))
    return Ports(
        front_door=base,
        stream_service=(single[0], *more_tasks),
        aws=single[1],
        simulators=single[2],
        postgres=single[3],
        identity=single[4],
        speech=_preferred(speech),
        valkey=nodes,
    )


def _preferred(port: int, *, bus: bool = False) -> int:
    offsets = (0, BUS_PORT_OFFSET) if bus else (0,)
    if port + offsets[-1] <= LAST_PORT and ports.claim(*(port + offset for offset in offsets)):
        return port
    return ports.free_port(*offsets[1:])
