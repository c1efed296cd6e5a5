from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from local import ports
from local.layout import PortTakenError, choose_ports, default_stream_tasks, read_stream_tasks


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind((ports.HOST, ports.free_port(*range(12))))
        server.listen()
        yield server.getsockname()[1]


def test_every_program_has_a_port_of_its_own() -> None:
    chosen = choose_ports(ports.free_port(), stream_tasks=3)

    single = [chosen.front_door, chosen.aws, chosen.simulators, chosen.postgres, chosen.identity, chosen.speech]
    assert len(chosen.stream_service) == 3
    assert len({*single, *chosen.stream_service, *chosen.valkey}) == 15


def test_front_door_keeps_to_its_port_and_says_what_to_do_when_it_is_taken(taken: int) -> None:
    with pytest.raises(PortTakenError, match="VAANI_PORT_BASE"):
        choose_ports(taken)


def test_other_programs_move_when_their_port_is_taken(taken: int) -> None:
    assert choose_ports(taken - 1).stream_service != (taken,)


@pytest.mark.parametrize(("wanted", "tasks"), [("", 2), ("1", 1), ("8", 8)])
def test_the_stream_service_has_two_tasks_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, wanted: str, tasks: int
) -> None:
    monkeypatch.setenv("VAANI_STREAM_TASKS", wanted)

    assert read_stream_tasks(default_stream_tasks()) == tasks


@pytest.mark.parametrize("wanted", ["0", "9", "two", "-1", ""])
def test_a_number_of_tasks_that_makes_no_sense_is_refused(wanted: str) -> None:
    with pytest.raises(ValueError, match="VAANI_STREAM_TASKS"):
        read_stream_tasks(wanted)
