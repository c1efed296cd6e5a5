"""All faults of the drill, in the order in which they are played."""

from __future__ import annotations

from collections.abc import Sequence

from local.drill.answer_faults import answer_faults
from local.drill.fault import Fault, NotTried
from local.drill.kills import kills
from local.drill.machine_faults import machine_faults
from local.drill.network_faults import network_faults
from local.drill.secret_faults import secret_faults
from local.drill.store_faults import store_faults


def all_faults() -> list[Fault]:
    """The whole series."""
    return [*kills(), *store_faults(), *network_faults(), *answer_faults(), *secret_faults(), *machine_faults()]


NOT_TRIED: tuple[NotTried, ...] = (
    NotTried(
        name="dns",
        title="DNS fails",
        why="everything here is reached by number; a name that is not found looks like a refused connection, see there",
    ),
    NotTried(
        name="kill-simulators",
        title="kill -9: the simulated providers",
        why="their list of what was sent is the witness; a provider that is down is played by the proxy",
    ),
    NotTried(
        name="kill-identity",
        title="kill -9: the identity provider",
        why="it lives in the supervisor, with which everything ends; that it is unreachable is played by the proxy",
    ),
    NotTried(
        name="kill-speech",
        title="kill -9: the speech engines for voice notes",
        why="scripted engines stand in for them here",
    ),
    NotTried(
        name="rotate-database",
        title="the database's password is rotated",
        why="the functions here get it with their configuration; a test with a real server lets it refuse the old user",
    ),
)


def choose(faults: Sequence[Fault], names: Sequence[str]) -> list[Fault]:
    """Those with these names, in the order given; all when there are none.

    Raises:
        ValueError: there is no such fault.
    """
    known = {fault.name: fault for fault in faults}
    unknown = [name for name in names if name not in known]
    if unknown:
        message = f"no such fault: {', '.join(unknown)}; --list shows all"
        raise ValueError(message)
    return [known[name] for name in names] or list(faults)
