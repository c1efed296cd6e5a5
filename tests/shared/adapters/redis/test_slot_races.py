"""Three connections of a user, however many processes let them in at the same time."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.redis.counters import RedisConnectionCounter
from tests.shared.adapters.redis.slot_racer import AT_ONCE, LIMIT, ROUNDS

pytestmark = pytest.mark.integration

PROCESSES = 4
REPOSITORY = Path(__file__).resolve().parents[4]
# Calls are counted by the caller's number, updates sockets by the signed-in user.
SUBJECTS = ["919800000001", "updates:asha"]


async def race(url: str, subject: str) -> list[int]:
    """One process; how many were inside each time that it let somebody in."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.shared.adapters.redis.slot_racer", url, subject),
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    seen: list[int] = json.loads(out.splitlines()[-1])
    return seen


@pytest.mark.requirement("12.3")
@pytest.mark.parametrize("subject", SUBJECTS)
async def test_never_a_fourth_however_many_processes_let_in_at_once(cache: Any, cache_url: str, subject: str) -> None:
    seen = await asyncio.gather(*(race(cache_url, subject) for _ in range(PROCESSES)))

    inside = [number for of_process in seen for number in of_process]
    assert min(inside) >= 1
    assert max(inside) <= LIMIT
    assert LIMIT < len(inside) <= PROCESSES * AT_ONCE * ROUNDS
    # All is given back: the next three come in at once, and no fourth.
    slots = RedisConnectionCounter(cache)
    taken = [await slots.take(subject, f"slot-{number}", limit=LIMIT, ttl_seconds=60) for number in range(4)]
    assert taken == [True, True, True, False]


@pytest.mark.requirement("12.3")
async def test_of_forty_who_ask_in_the_same_moment_three_come_in_and_whoever_leaves_makes_room_at_once(
    cache: Any,
) -> None:
    slots = RedisConnectionCounter(cache)

    taken = await asyncio.gather(*(slots.take("u", f"slot-{n}", limit=3, ttl_seconds=60) for n in range(40)))
    (first, *_) = [number for number, is_in in enumerate(taken) if is_in]
    await slots.release("u", f"slot-{first}")
    after = [await slots.take("u", f"later-{number}", limit=3, ttl_seconds=60) for number in range(2)]

    assert sum(taken) == 3
    assert after == [True, False]
