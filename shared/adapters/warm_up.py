"""Engines that stand in for each other are prepared together, and one that fails does not keep the others from it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from shared.observability import logger


async def warm_up_all(engines: Mapping[str, Callable[[], Awaitable[None]]], *, kind: str) -> list[BaseException]:
    """Call every engine's warm-up, by its name in logs; the failures, in the order of the engines."""
    outcomes = await asyncio.gather(*(warm_up() for warm_up in engines.values()), return_exceptions=True)
    failures = {
        name: outcome for name, outcome in zip(engines, outcomes, strict=True) if isinstance(outcome, BaseException)
    }
    for name, failure in failures.items():
        logger.error("engine_not_warm", kind=kind, engine=name, reason=type(failure).__name__)
    return list(failures.values())
