from __future__ import annotations

import subprocess
import sys

from local import ports
from local.layout import REPOSITORY


def claimed_elsewhere(*wanted: int) -> bool:
    """Whether another process gets these ports."""
    code = f"import sys; from local import ports; sys.exit(not ports.claim(*{wanted}))"
    return subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=False).returncode == 0


def test_no_port_is_given_twice() -> None:
    given = [ports.free_port() for _ in range(200)]

    assert len(set(given)) == 200


def test_a_port_that_nobody_listens_on_yet_is_given_to_no_other_process() -> None:
    port = ports.free_port()

    assert not claimed_elsewhere(port)


def test_a_port_with_companions_keeps_those_too() -> None:
    port = ports.free_port(1, 2)

    assert [claimed_elsewhere(port + offset) for offset in (1, 2)] == [False, False]


def test_what_one_of_several_ports_prevents_leaves_the_others_to_whoever_asks() -> None:
    taken = ports.free_port()
    free = next(port for port in range(taken + 1, taken + 100) if claimed_elsewhere(port))

    assert not ports.claim(free, taken)

    assert claimed_elsewhere(free)


def test_a_process_that_ends_gives_its_ports_back() -> None:
    nearby = range(ports.free_port() + 1, ports.LAST_FREE_PORT + 100)

    port = next(port for port in nearby if claimed_elsewhere(port))

    assert ports.claim(port)


def test_ports_stay_below_those_of_outgoing_connections() -> None:
    given = [ports.free_port(10_000) for _ in range(50)]

    assert max(given) + 10_000 < 32_768
