"""How the simulated Meta behaves towards the platform: statuses in disorder all the time, errors on demand."""

from __future__ import annotations

from typing import Any

import httpx

TIMEOUT_SECONDS = 10
ANY_NUMBER = 1_000_000
DISORDER = {"shuffle_statuses": True}
"""Statuses come in any order. Not twice as well: with the doubled webhooks, the queue has four entries a message."""


async def conduct(simulator_url: str, **details: Any) -> None:
    """From now on Meta treats every message so."""
    fault = {"provider": "whatsapp", "path": "*/messages", "method": "POST", "times": ANY_NUMBER, **details}
    async with httpx.AsyncClient(base_url=simulator_url, trust_env=False, timeout=TIMEOUT_SECONDS) as simulator:
        (await simulator.delete("/faults")).raise_for_status()
        (await simulator.post("/faults", json=fault)).raise_for_status()
