"""Whether each program of a running copy does its work, found out by asking it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any

import httpx

from local.layout import Ports
from local.ports import HOST
from local.processes import birth_of

_PATIENCE_SECONDS = 5.0


class State(Enum):
    """WELL: it runs, and answers if it can be asked. SILENT: it runs and does not answer. DOWN: it does not run."""

    WELL = "well"
    SILENT = "no answer"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One program; `note` is what else it said."""

    name: str
    state: State
    pids: Sequence[int]
    note: str = ""


async def health_of(stack: Mapping[str, Any], ports: Ports) -> list[Health]:
    """Every program of the copy, asked at the same time."""
    listening = {
        "front_door": (ports.front_door,),
        "aws": (ports.aws,),
        "simulators": (ports.simulators,),
        "postgres": (ports.postgres,),
        "speech": (ports.speech,),
        "valkey": ports.valkey,
    }
    async with httpx.AsyncClient(trust_env=False, timeout=_PATIENCE_SECONDS) as client:

        async def look(name: str, pids: Sequence[int]) -> Health:
            if not all(birth_of(pid) for pid in pids):
                return Health(name=name, state=State.DOWN, pids=pids)
            is_well, note = True, ""
            if name.startswith("stream_service"):
                number = int(name.removeprefix("stream_service").lstrip("_") or 1)
                is_well, note = await _stream_task(client, ports.stream_service[number - 1])
            elif name in listening:
                is_well = all([await _takes_connections(port) for port in listening[name]])
            elif name in _HEALTH_PATHS:
                is_well = await _answers(client, f"{stack['base_url']}/health/{name}")
            return Health(name=name, state=State.WELL if is_well else State.SILENT, pids=pids, note=note)

        named = {name: pids if isinstance(pids, list) else [pids] for name, pids in stack["pids"].items()}
        return list(await asyncio.gather(*(look(name, pids) for name, pids in named.items())))


_HEALTH_PATHS = frozenset({"voice_webhook", "message_webhook", "cost_report", "admin_api", "history_api"})
"""The functions that the load balancer asks for their health; the others are called by events."""


async def _stream_task(client: httpx.AsyncClient, port: int) -> tuple[bool, str]:
    with suppress(httpx.HTTPError, ValueError, KeyError):
        answer = await client.get(f"http://{HOST}:{port}/health/stream")
        said = answer.json()["data"]
        note = f"{said['active_calls']} of {said['capacity']} calls"
        return answer.is_success, f"{note}, draining" if said["draining"] else note
    return False, ""


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    with suppress(httpx.HTTPError):
        return (await client.get(url)).is_success
    return False


async def _takes_connections(port: int) -> bool:
    with suppress(OSError):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            _, writer = await asyncio.open_connection(HOST, port)
            writer.close()
            return True
    return False
