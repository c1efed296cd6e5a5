"""What one person or program may ask of the API in a minute."""

from __future__ import annotations

import json

import pytest

from shared.domain.access import Caller
from shared.errors import RateLimited, StoreUnavailable
from shared.use_cases.limit_requests import LimitRequests
from tests.fakes.clock import FrozenClock
from tests.fakes.counters import FakeRateCounter
from tests.fakes.faults import Down

LIMIT = 100
ASHA = Caller(subject="3f1c-asha")
RAVI = Caller(subject="77b0-ravi")


@pytest.fixture
def limit(clock: FrozenClock) -> LimitRequests:
    return LimitRequests(FakeRateCounter(clock), requests_per_minute=LIMIT)


async def ask(limit: LimitRequests, times: int, caller: Caller = ASHA) -> int:
    """Ask so many times; returns how many were refused."""
    refused = 0
    for _ in range(times):
        try:
            await limit(caller)
        except RateLimited:
            refused += 1
    return refused


@pytest.mark.requirement("12.1")
@pytest.mark.requirement("12.2")
async def test_a_hundred_requests_pass_and_the_next_one_is_told_exactly_when_it_will(
    limit: LimitRequests, clock: FrozenClock
) -> None:
    assert await ask(limit, 40) == 0
    clock.advance(seconds=25)
    assert await ask(limit, 60) == 0

    with pytest.raises(RateLimited) as refusal:
        await limit(ASHA)

    assert refusal.value.retry_after_seconds == 35
    clock.advance(seconds=34)
    assert await ask(limit, 1) == 1
    clock.advance(seconds=1)
    assert await ask(limit, 41) == 1


async def test_one_caller_does_not_use_up_anothers_minute(limit: LimitRequests) -> None:
    await ask(limit, LIMIT + 50)

    assert await ask(limit, LIMIT, RAVI) == 0


@pytest.mark.requirement("12.5")
async def test_a_violation_is_logged_with_its_kind_and_without_the_name(
    limit: LimitRequests, capsys: pytest.CaptureFixture[str]
) -> None:
    await ask(limit, LIMIT + 1)

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    violation = next(line for line in lines if line.get("message") == "rate_limit_exceeded")
    told = {name: violation[name] for name in ("violation", "channel", "requests", "limit")}
    assert told == {"violation": "api_requests_per_minute", "channel": "api", "requests": 101, "limit": 100}
    assert violation["user_hash"]
    assert ASHA.subject not in str(violation)


async def test_who_never_stops_asking_is_counted_in_full_and_written_down_in_few_lines(
    limit: LimitRequests, capsys: pytest.CaptureFixture[str]
) -> None:
    await ask(limit, LIMIT + 2000)

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    written = [line["requests"] for line in lines if line.get("message") == "rate_limit_exceeded"]
    assert written == [*range(101, 111), 200, 1100]
    assert sum(line.get("rate_limit_exceeded", [0])[0] for line in lines) == 2000


async def test_without_the_counter_everybody_may_go_on_and_somebody_hears_of_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    limit = LimitRequests(Down(StoreUnavailable("no cache")), requests_per_minute=1)

    assert await ask(limit, 3) == 0
    assert "counter_unavailable" in capsys.readouterr().out
