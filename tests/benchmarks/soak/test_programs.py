from __future__ import annotations

import os
import socket
import subprocess
from contextlib import ExitStack

from benchmarks.soak.programs import LOAD, leading_pids, read_programs


def test_what_a_process_holds_is_counted() -> None:
    before = read_programs({LOAD: os.getpid()})[LOAD]
    with socket.socket(), socket.socket():
        after = read_programs({LOAD: os.getpid()})[LOAD]

    assert after.processes == 1
    assert after.uss_mib > 1
    assert after.threads >= 1
    assert after.cpu_seconds > 0
    assert (after.descriptors - before.descriptors, after.sockets - before.sockets) == (2, 2)


def test_a_program_of_several_processes_is_one() -> None:
    with ExitStack() as stack:
        two = [stack.enter_context(subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE)) for _ in range(2)]

        found = read_programs({"worker": [process.pid for process in two], "gone": 2**22 + 1})

    assert found["worker"].processes == 2
    assert "gone" not in found


def test_who_leads_is_compared_by_process() -> None:
    assert leading_pids({"one": 1, "many": [2, 3]}) == {"one": frozenset({1}), "many": frozenset({2, 3})}
