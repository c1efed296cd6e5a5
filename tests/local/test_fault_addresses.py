"""Ports of the links between programs and what they depend on."""

from __future__ import annotations

from local.fault_addresses import link_arguments, linked_ports
from local.layout import Ports

PORTS = Ports(
    front_door=1,
    stream_service=(2,),
    aws=3,
    simulators=4,
    postgres=5,
    identity=6,
    speech=7,
    valkey=(8, 9, 10, 11, 12, 13),
)


def test_every_dependency_gets_a_port_of_its_own_and_the_doors_keep_theirs() -> None:
    reached = linked_ports(PORTS)

    behind = (reached.aws, reached.simulators, reached.postgres, reached.identity, *reached.valkey)
    assert len(set(behind)) == 10
    assert min(behind) > 13
    assert (reached.front_door, reached.stream_service) == (1, (2,))


def test_every_port_that_differs_has_a_link() -> None:
    reached = linked_ports(PORTS)

    links = link_arguments(PORTS, reached)

    assert f"postgres={reached.postgres}:5" in links
    assert f"valkey-6={reached.valkey[5]}:13" in links
    assert len(links) == 10
