"""What lies idle is told once, and not before it was idle for a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.domain.idle import ObservedResource, ResourceKind
from shared.errors import ProviderUnavailable
from shared.use_cases.report_idle_resources import ReportIdleResources
from tests.fakes.clock import FrozenClock
from tests.fakes.idle import FakeInventory, FakeNotifier, FakeRecommendationStore

ADDRESS = ObservedResource(kind=ResourceKind.ADDRESS, arn="arn:address", is_idle=True, unit="address")


class Desk:
    """The report with its surroundings."""

    def __init__(self, clock: FrozenClock) -> None:
        self.clock = clock
        self.inventory = FakeInventory()
        self.store = FakeRecommendationStore()
        self.notifier = FakeNotifier()
        self.database = ObservedResource(
            kind=ResourceKind.DATABASE,
            arn="arn:database",
            is_idle=True,
            idle_since=clock() - timedelta(hours=25),
            unit="db.t4g.medium",
            quantity=Decimal(1),
        )

    async def report(self, *resources: ObservedResource) -> list[str]:
        """Run over these resources, a day later each time; the notices sent."""
        self.inventory.resources = list(resources)
        self.notifier.sent.clear()
        try:
            await ReportIdleResources(self.inventory, self.store, self.notifier, self.clock)()
        finally:
            self.clock.advance(hours=24)
        return list(self.notifier.sent)


@pytest.fixture
def desk(clock: FrozenClock) -> Desk:
    return Desk(clock)


@pytest.mark.requirement("16.5")
async def test_a_resource_idle_for_a_day_is_told_with_reason_price_and_what_to_do(desk: Desk) -> None:
    (notice,) = await desk.report(desk.database)

    assert "arn:database" in notice
    assert "since 2026-03-01 08:30 UTC, about 67.16 USD a month (1 at an assumed 0.092 USD per hour.)" in notice
    assert "stop it, or delete it" in notice


async def test_the_same_finding_is_told_once(desk: Desk) -> None:
    await desk.report(desk.database)

    assert [await desk.report(desk.database) for _ in range(3)] == [[], [], []]


async def test_what_is_in_use_is_not_told(desk: Desk) -> None:
    assert await desk.report(replace(desk.database, is_idle=False)) == []


async def test_what_was_just_seen_idle_for_the_first_time_waits_a_day(desk: Desk) -> None:
    first, second = await desk.report(ADDRESS), await desk.report(ADDRESS)

    assert first == []
    assert "arn:address" in second[0]


async def test_what_was_used_in_between_is_told_again(desk: Desk) -> None:
    await desk.report(desk.database)
    await desk.report(replace(desk.database, is_idle=False))

    assert len(await desk.report(desk.database)) == 1


async def test_missing_measurements_neither_tell_nor_forget(desk: Desk) -> None:
    unknown = replace(desk.database, is_idle=None)

    before = await desk.report(unknown)
    await desk.report(desk.database)
    during = await desk.report(unknown)
    after = await desk.report(desk.database)

    assert (before, during, after) == ([], [], [])
    assert [item.arn for item in desk.store.kept] == ["arn:database"]


async def test_a_notice_that_was_not_taken_is_sent_the_next_time(desk: Desk) -> None:
    desk.notifier.is_down = True
    with pytest.raises(ProviderUnavailable):
        await desk.report(desk.database)
    desk.notifier.is_down = False

    assert len(await desk.report(desk.database)) == 1


async def test_new_findings_come_in_one_notice(desk: Desk) -> None:
    other = replace(desk.database, arn="arn:other")

    (notice,) = await desk.report(desk.database, other)

    assert notice.count("stop it, or delete it") == 2
    assert "about 134.32 USD a month" in notice
