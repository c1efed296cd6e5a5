"""Which ports programs use to reach what they depend on when a fault proxy stands between."""

from __future__ import annotations

from dataclasses import replace

from local.layout import Ports
from local.ports import free_port


def linked_ports(ports: Ports) -> Ports:
    """The same places, each behind a free port of its own."""
    taken: set[int] = set()

    def link() -> int:
        while (port := free_port()) in taken:
            continue
        taken.add(port)
        return port

    return replace(
        ports,
        aws=link(),
        simulators=link(),
        postgres=link(),
        identity=link(),
        valkey=tuple(link() for _ in ports.valkey),
    )


def link_arguments(ports: Ports, reached: Ports) -> list[str]:
    """The links between them, as `local.fault_proxy` takes them."""
    single = {"aws": "aws", "providers": "simulators", "postgres": "postgres", "identity": "identity"}
    links = [f"{name}={getattr(reached, field)}:{getattr(ports, field)}" for name, field in single.items()]
    nodes = enumerate(zip(reached.valkey, ports.valkey, strict=True), start=1)
    return [*links, *(f"valkey-{number}={listen}:{target}" for number, (listen, target) in nodes)]
