from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from local import ports
from local.layout import PortTakenError, choose_ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind((ports.HOST, ports.free_port(*range(12))))
        server.listen()
        yield server.getsockname()[1]


def test_every_program_has_a_port_of_its_own() -> None:
    chosen = choose_ports(ports.free_port())

    single = [chosen.front_door, chosen.stream_service, chosen.aws, chosen.simulators, chosen.postgres, chosen.identity]
    assert len({*single, *chosen.valkey}) == 12


def test_front_door_keeps_to_its_port_and_says_what_to_do_when_it_is_taken(taken: int) -> None:
    with pytest.raises(PortTakenError, match="VAANI_PORT_BASE"):
        choose_ports(taken)


def test_other_programs_move_when_their_port_is_taken(taken: int) -> None:
    assert choose_ports(taken - 1).stream_service != taken
