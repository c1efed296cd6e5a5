"""Whether what came of a step is what was expected; what the platform keeps a moment later is looked at again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from local.evaluation.backstage import Backstage
from local.evaluation.history import History
from local.evaluation.matching import differences, missing_events
from local.evaluation.observation import Observation
from local.evaluation.observer import pauses
from local.evaluation.scenario import Expected

PATIENCE_SECONDS = 4.0


class Side(Protocol):
    """One channel of the user."""

    @property
    def history(self) -> History:
        """What the platform keeps of it."""

    async def look_again(self, seen: Observation) -> Observation:
        """The observation with what the platform keeps now."""


async def judge(
    expected: Expected,
    seen: Observation,
    side: Side,
    backstage: Backstage,
    *,
    hear: Callable[[bytes], str],
    since: str,
) -> list[str]:
    """What is otherwise than expected once the platform had time to keep everything.

    `hear` recognises speech; `since` is the last live update before the step.
    """
    if expected.heard is not None and seen.spoken is not None:
        seen = replace(seen, heard=await asyncio.to_thread(hear, seen.spoken.mulaw))
    deadline, pause = time.monotonic() + PATIENCE_SECONDS, pauses()
    while True:
        problems = differences(expected, seen)
        if expected.events:
            told = await backstage.updates(await side.history.find() or "", since=since)
            problems += missing_events(expected.events, told)
        if not problems or time.monotonic() > deadline:
            return problems
        await asyncio.sleep(next(pause))
        seen = await side.look_again(seen)
