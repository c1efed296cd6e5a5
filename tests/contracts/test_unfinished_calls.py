"""What every UnfinishedCalls promises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from shared.adapters.postgres.call_repair import PostgresUnfinishedCalls
from shared.adapters.postgres.calls import PostgresCallStore
from shared.ports.call_repair import CallPeriod, UnfinishedCalls
from shared.ports.stores import CallStore
from tests.contracts.conftest import REAL
from tests.fakes.call_store import FakeCallStore
from tests.fakes.clock import FrozenClock
from tests.fakes.memory_rows import MemoryRows
from tests.fakes.unfinished_calls import FakeUnfinishedCalls
from tests.samples import a_ticket

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LAST_DAY = CallPeriod(since=NOW - timedelta(days=1), until=NOW - timedelta(minutes=35))


@dataclass(frozen=True)
class Stores:
    """Calls and what finds the unfinished ones among them."""

    calls: CallStore
    unfinished: UnfinishedCalls

    async def add(self, call_sid: str, *, age: timedelta = timedelta(hours=2), is_answered: bool = True) -> None:
        """A call that started so long ago."""
        await self.calls.open(a_ticket(call_sid=call_sid), started_at=NOW - age)
        if is_answered:
            await self.calls.answered(call_sid, at=NOW - age)

    async def end(self, call_sid: str) -> None:
        """The call is over."""
        await self.calls.close(call_sid, ended_at=NOW, reason="hung_up")

    async def left_open(self, period: CallPeriod = LAST_DAY) -> list[str]:
        """Sids of all that are open."""
        return [call.call_sid for call in await self.unfinished.left_open(period, after=None, limit=100)]

    async def without_recording(self) -> list[str]:
        """Sids of all that lack a recording."""
        return [call.call_sid for call in await self.unfinished.without_recording(LAST_DAY, after=None, limit=100)]


@pytest.fixture(params=["fake", REAL])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "fake":
        rows = MemoryRows(FrozenClock(NOW))
        return Stores(FakeCallStore(rows), FakeUnfinishedCalls(rows))
    database = request.getfixturevalue("database")
    return Stores(PostgresCallStore(database), PostgresUnfinishedCalls(database))


async def test_calls_that_ring_or_live_are_open_and_ended_ones_are_not(stores: Stores) -> None:
    await stores.add("CA-ringing", is_answered=False)
    await stores.add("CA-live")
    await stores.add("CA-over")
    await stores.end("CA-over")

    assert await stores.left_open() == ["CA-live", "CA-ringing"]


async def test_only_calls_that_started_within_the_period_are_found(stores: Stores) -> None:
    await stores.add("CA-too-young", age=timedelta(minutes=35))
    await stores.add("CA-youngest", age=timedelta(minutes=35, microseconds=1))
    await stores.add("CA-oldest", age=timedelta(days=1))
    await stores.add("CA-too-old", age=timedelta(days=1, microseconds=1))

    assert await stores.left_open() == ["CA-oldest", "CA-youngest"]


async def test_pages_follow_one_another_without_gap_or_repetition(stores: Stores) -> None:
    for number in range(5):
        # Two pairs share their start, so that only the sid can tell them apart.
        await stores.add(f"CA{number}", age=timedelta(hours=9 - number // 2))

    seen: list[str] = []
    last = None
    while page := await stores.unfinished.left_open(LAST_DAY, after=last, limit=2):
        seen += [call.call_sid for call in page]
        last = page[-1]

    assert seen == ["CA0", "CA1", "CA2", "CA3", "CA4"]


async def test_a_call_lacks_its_recording_when_it_is_over_had_audio_and_none_is_linked(stores: Stores) -> None:
    for call_sid in ("CA-lacking", "CA-live", "CA-linked"):
        await stores.add(call_sid)
    await stores.add("CA-never-answered", is_answered=False)
    for call_sid in ("CA-lacking", "CA-linked", "CA-never-answered"):
        await stores.end(call_sid)
    await stores.calls.attach_recording("CA-linked", key="recordings/a.wav", duration_ms=1)

    assert await stores.without_recording() == ["CA-lacking"]
