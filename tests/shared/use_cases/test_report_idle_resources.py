"""What could be saved is told once, not before it was idle for a day, and neither lost nor repeated by a crash."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shared import errors
from shared.domain.idle import ObservedResource, ResourceKind
from shared.domain.reservation import CACHES, DATABASES, Coverage, Reservation, ReservationAdvice, ReservationReport
from shared.use_cases.report_idle_resources import ReportIdleResources
from tests.fakes.clock import FrozenClock
from tests.fakes.idle import FakeInventory, FakeNotifier, FakeRecommendationStore
from tests.fakes.reservations import FakeReservations

ADDRESS = ObservedResource(kind=ResourceKind.ADDRESS, arn="arn:address", name="eip-1", is_idle=True, unit="address")
ADVICE = ReservationAdvice(
    service=DATABASES,
    instance="db.t4g.medium",
    region="ap-south-1",
    engine="postgresql",
    is_multi_az=True,
    count=1,
    term_years=1,
    payment="No Upfront",
    monthly_saving=Decimal("38.21"),
    upfront_cost=Decimal(0),
    on_demand_monthly=Decimal("109.50"),
    recurring_monthly=Decimal("71.29"),
    currency="USD",
    lookback_days=60,
    lowest_used=Decimal(1),
    average_used=Decimal(1),
)


class Desk:
    """The report with its surroundings."""

    def __init__(self, clock: FrozenClock) -> None:
        self.clock = clock
        self.inventory = FakeInventory()
        self.reservations = FakeReservations()
        self.store = FakeRecommendationStore()
        self.notifier = FakeNotifier()
        self.database = ObservedResource(
            kind=ResourceKind.DATABASE,
            arn="arn:database",
            name="vaani-dev-database",
            is_idle=True,
            idle_since=clock() - timedelta(hours=25),
            unit="db.t4g.medium",
            quantity=Decimal(1),
        )

    async def run(self, *resources: ObservedResource) -> None:
        """Once, over these resources."""
        self.inventory.resources = list(resources)
        await ReportIdleResources(
            self.inventory,
            self.reservations,
            self.store,
            self.notifier,
            self.clock,
            stack="vaani-dev",
            region="ap-south-1",
        )()

    async def report(self, *resources: ObservedResource, days: int = 1) -> list[str]:
        """Run over these resources, days later each time; the notices sent."""
        self.notifier.sent.clear()
        try:
            await self.run(*resources)
        finally:
            self.clock.advance(hours=24 * days)
        return list(self.notifier.sent)

    @property
    def known(self) -> list[str]:
        """The keys of what is kept."""
        return [item.key for item in self.store.kept.recommendations]


@pytest.fixture
def desk(clock: FrozenClock) -> Desk:
    return Desk(clock)


@pytest.mark.requirement("16.5")
async def test_a_resource_idle_for_a_day_is_told_with_reason_price_and_what_to_type(desk: Desk) -> None:
    (notice,) = await desk.report(desk.database)

    assert "1. database vaani-dev-database: about 54.75 USD a month" in notice
    assert "nobody but the proxy's own idle connections was connected in 24 hours; since 2026-03-01 08:30 UTC" in notice
    assert "1 x db.t4g.medium at 0.075 USD per hour, list price of ap-south-1" in notice
    assert "aws rds stop-db-instance --db-instance-identifier vaani-dev-database --region ap-south-1" in notice
    assert "Resource: arn:database" in notice
    assert "--tags vaani:keep=true" in notice
    assert desk.notifier.subjects == ["Vaani vaani-dev: 1 idle resource, save about 54.75 USD a month"]


@pytest.mark.requirement("16.5")
async def test_the_same_finding_is_told_once(desk: Desk) -> None:
    await desk.report(desk.database)

    assert [await desk.report(desk.database) for _ in range(3)] == [[], [], []]


async def test_what_is_in_use_is_not_told(desk: Desk) -> None:
    assert await desk.report(replace(desk.database, is_idle=False)) == []


async def test_what_was_just_seen_idle_for_the_first_time_waits_a_day(desk: Desk) -> None:
    first, second = await desk.report(ADDRESS), await desk.report(ADDRESS)

    assert first == []
    assert "arn:address" in second[0]


@pytest.mark.requirement("16.5")
async def test_what_was_used_in_between_is_told_again(desk: Desk) -> None:
    await desk.report(desk.database)
    await desk.report(replace(desk.database, is_idle=False))

    assert len(await desk.report(desk.database)) == 1


async def test_an_estimate_that_rises_by_half_is_told_again_and_a_little_is_not(desk: Desk) -> None:
    await desk.report(desk.database)

    little = await desk.report(replace(desk.database, unit="db.t4g.medium", quantity=Decimal("1.2")))
    (much,) = await desk.report(replace(desk.database, quantity=Decimal(2)))
    again = await desk.report(replace(desk.database, quantity=Decimal(2)))

    assert (little, again) == ([], [])
    assert "about 109.50 USD a month (told before as about 54.75 USD)" in much


async def test_the_first_report_of_a_month_recalls_what_is_still_so_once(desk: Desk) -> None:
    await desk.report(desk.database, days=20)

    later = [await desk.report(desk.database, days=10) for _ in range(3)]

    assert [len(notices) for notices in later] == [0, 1, 0]
    assert "Told before and still so" in later[1][0]
    assert "- database vaani-dev-database, since 2026-03-01, about 54.75 USD a month" in later[1][0]
    assert desk.notifier.subjects[-1].startswith("Vaani vaani-dev: reminder, 1 idle resource")


async def test_missing_measurements_neither_tell_nor_forget(desk: Desk) -> None:
    unknown = replace(desk.database, is_idle=None)

    before = await desk.report(unknown)
    await desk.report(desk.database)
    during = await desk.report(unknown)
    after = await desk.report(desk.database)

    assert (before, during, after) == ([], [], [])
    assert desk.known == ["arn:database"]


async def test_what_is_gone_is_forgotten_though_another_kind_could_not_be_looked_at(desk: Desk) -> None:
    await desk.report(desk.database)
    desk.inventory.unseen = frozenset({ResourceKind.CACHE})

    await desk.report()

    assert desk.known == []


async def test_a_kind_that_could_not_be_looked_at_is_not_forgotten(desk: Desk) -> None:
    await desk.report(desk.database)
    desk.inventory.unseen = frozenset({ResourceKind.DATABASE})
    during = await desk.report()
    desk.inventory.unseen = frozenset()

    assert during == []
    assert await desk.report(desk.database) == []


async def test_a_notice_that_was_not_taken_is_sent_the_next_time(desk: Desk) -> None:
    desk.notifier.is_down = True
    with pytest.raises(errors.ProviderUnavailable):
        await desk.report(desk.database)
    desk.notifier.is_down = False

    assert len(await desk.report(desk.database)) == 1


async def test_new_findings_come_in_one_notice_with_their_sum(desk: Desk) -> None:
    other = replace(desk.database, arn="arn:other", name="other")

    (notice,) = await desk.report(desk.database, other)

    assert notice.count("aws rds stop-db-instance") == 2
    assert desk.notifier.subjects == ["Vaani vaani-dev: 2 idle resources, save about 109.50 USD a month"]


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.requirement("16.5")
@pytest.mark.parametrize("dies_at_save", [1, 2])
async def test_a_report_that_dies_while_it_notes_is_continued_with_the_same_bytes(
    desk: Desk, dies_at_save: int
) -> None:
    desk.store.fails_at = dies_at_save
    with pytest.raises(errors.StoreUnavailable):
        await desk.run(desk.database)
    desk.clock.advance(hours=1)

    await desk.run(desk.database)
    await desk.run(desk.database)

    # Dying between the sending and its note is the one moment that repeats a notice, and then it is the same.
    assert len(desk.notifier.sent) == dies_at_save
    assert len(set(desk.notifier.ids)) == 1 or dies_at_save == 1
    assert len(set(desk.notifier.sent)) == 1
    assert desk.store.kept.pending is None


async def test_a_report_that_dies_before_it_sends_loses_nothing(desk: Desk) -> None:
    async def die(*_: object, **__: object) -> None:
        raise Killed

    alive = desk.notifier.notify
    desk.notifier.notify = die  # type: ignore[method-assign]
    with suppress(Killed):
        await desk.run(desk.database)
    desk.notifier.notify = alive  # type: ignore[method-assign]
    pending = desk.store.kept.pending

    # The resource is in use when the next run comes; what was written is sent all the same.
    await desk.run(replace(desk.database, is_idle=False))

    assert pending is not None
    assert desk.notifier.sent == [pending.text]
    assert desk.notifier.ids == [pending.id]


async def test_of_two_reports_at_the_same_time_one_sends(desk: Desk) -> None:
    stale = FakeRecommendationStore()
    fresh = desk.store

    async def load_stale() -> tuple[object, str]:
        return stale.kept, "0"

    await desk.run(desk.database)
    fresh.load = load_stale  # type: ignore[method-assign, assignment]
    with pytest.raises(errors.VersionConflict):
        await desk.run(desk.database)

    assert len(desk.notifier.sent) == 1


@pytest.mark.requirement("16.3")
async def test_a_reservation_worth_buying_is_told_once_with_the_command_a_person_types(desk: Desk) -> None:
    desk.reservations.known = ReservationReport(coverage=(), advice=(ADVICE,), reservations=())

    first, second = await desk.report(), await desk.report()

    assert second == []
    (notice,) = first
    assert "Steady enough to be reserved (about 38.21 USD a month)" in notice
    assert "aws rds purchase-reserved-db-instances-offering --region ap-south-1" in notice
    assert "it pays if they run for 8 of the 12 months" in notice
    assert desk.notifier.subjects == ["Vaani vaani-dev: reserved capacity, save about 38.21 USD a month"]


@pytest.mark.requirement("16.3")
@pytest.mark.parametrize(("days", "notices"), [(61, 0), (60, 1), (1, 1), (-1, 0)])
async def test_a_reservation_is_warned_of_within_the_sixty_days_before_its_end(
    desk: Desk, days: int, notices: int
) -> None:
    ends_at = desk.clock() + timedelta(days=days)
    ending = Reservation(service=CACHES, id="ri-1", instance="cache.t4g.small", count=4, ends_at=ends_at)
    desk.reservations.known = ReservationReport(coverage=(), advice=(), reservations=(ending,))

    sent = await desk.report()

    assert len(sent) == notices
    assert all("ri-1: 4 x cache.t4g.small" in notice and f"it ends on {ends_at.date()}" in notice for notice in sent)


async def test_accounts_that_cannot_be_read_keep_nobody_from_telling_what_is_idle(desk: Desk) -> None:
    desk.reservations.known = ReservationReport(coverage=(), advice=(ADVICE,), reservations=())
    await desk.report()
    desk.reservations.is_down = True

    during = await desk.report(desk.database)
    desk.reservations.is_down = False
    after = await desk.report(desk.database)

    assert len(during) == 1
    assert after == []


async def test_an_end_that_was_told_is_not_told_again_after_reservations_could_not_be_read(desk: Desk) -> None:
    ending = Reservation(
        service=DATABASES, id="r-1", instance="db.t4g.medium", count=1, ends_at=desk.clock() + timedelta(days=30)
    )
    readable = ReservationReport(coverage=(), advice=(), reservations=(ending,))
    desk.reservations.known = readable
    told = await desk.report()
    desk.reservations.known = replace(readable, reservations=None)
    unread = await desk.report()
    desk.reservations.known = readable

    again = await desk.report()

    assert (len(told), unread, again) == (1, [], [])


@pytest.mark.requirement("16.3")
async def test_how_much_is_reserved_is_a_metric_by_service(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.reservations.known = ReservationReport(
        coverage=(
            Coverage(service=DATABASES, days=30, on_demand_hours=Decimal(180), reserved_hours=Decimal(540)),
            Coverage(service=CACHES, days=30, on_demand_hours=Decimal(0), reserved_hours=Decimal(0)),
        ),
        advice=(),
        reservations=(),
    )

    await desk.report()

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    found = {
        line["service"]: line["reservation_coverage_percent"]
        for line in lines
        if "reservation_coverage_percent" in line
    }
    assert found == {DATABASES: [75.0]}
