"""Networks that drop, delay and refuse: each dependency behind the fault proxy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from local.drill.fault import Fault, Scene

SECONDS = 5.0
DELAY_MS = 500
BYTES_PER_SECOND = 2000

DEPENDENCIES = {
    "postgres": "PostgreSQL",
    "valkey": "one Valkey master",
    "valkey-all": "all of Valkey",
    "aws": "the AWS endpoint",
    "providers": "the providers (Meta, Twilio)",
    "model": "the model's endpoint",
    "identity": "the identity provider",
}
MODES: dict[str, tuple[str, dict[str, Any]]] = {
    "refuse": ("refuses connections", {}),
    "reset": ("resets connections", {}),
    "blackhole": ("is silent (packets lost)", {}),
    "delay": (f"answers {DELAY_MS} ms later", {"delay_ms": DELAY_MS}),
    "trickle": (f"trickles {BYTES_PER_SECOND // 1000} kB/s", {"bytes_per_second": BYTES_PER_SECOND}),
}
ALIKE = {
    ("postgres", "reset"),
    ("valkey", "reset"),
    ("valkey", "trickle"),
    ("valkey-all", "reset"),
    ("valkey-all", "delay"),
    ("valkey-all", "trickle"),
    ("aws", "reset"),
    ("aws", "trickle"),
    ("providers", "trickle"),
    ("model", "reset"),
    ("model", "trickle"),
    # The keys of tokens are kept for minutes: one way not to get them is as good as another.
    ("identity", "reset"),
    ("identity", "delay"),
    ("identity", "trickle"),
}
"""Left out: another of the series breaks the same in the same places."""

CUT_OFF_EDGE = "a request that the provider took and whose answer was cut off"


def network_faults() -> list[Fault]:
    """Every dependency, in every way that tells something new."""
    return [
        Fault(
            name=f"{mode}-{name}",
            title=f"{title} {what} for {SECONDS:g} s",
            inflict=partial(_misbehave, name=name, behaviour={"mode": mode, **details}),
            seconds=SECONDS,
            edge=CUT_OFF_EDGE if name == "providers" and mode in {"refuse", "reset", "blackhole"} else "",
        )
        for name, title in DEPENDENCIES.items()
        for mode, (what, details) in MODES.items()
        if (name, mode) not in ALIKE
    ]


@asynccontextmanager
async def _misbehave(scene: Scene, *, name: str, behaviour: dict[str, Any]) -> AsyncIterator[None]:
    async with scene.links.behaving(await _links(scene, name), **behaviour):
        yield


async def _links(scene: Scene, name: str) -> list[str]:
    if name == "valkey-all":
        return [link for link in await scene.links.names() if link.startswith("valkey-")]
    if name == "valkey":
        ports = scene.copy.configuration.ports.valkey
        return [f"valkey-{ports.index(scene.copy.valkey_master()[0]) + 1}"]
    return [name]
