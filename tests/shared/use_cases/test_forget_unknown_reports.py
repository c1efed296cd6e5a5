"""Statuses that no message was ever found for are dropped bit by bit."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.use_cases.forget_unknown_reports import ForgetUnknownReports, ForgottenReports
from tests.fakes.clock import FrozenClock
from tests.samples import NOON


class Unknown:
    """So many ids, all of them old."""

    def __init__(self, ids: int) -> None:
        self.ids = ids
        self.before: datetime | None = None

    async def forget(self, *, before: datetime, limit: int) -> int:
        """See `UnknownReports.forget`."""
        self.before = before
        gone = min(limit, self.ids)
        self.ids -= gone
        return gone


async def test_everything_of_thirty_days_ago_is_dropped() -> None:
    unknown = Unknown(1200)

    report = await ForgetUnknownReports(unknown, FrozenClock(NOON))(should_stop=lambda: False)

    assert report == ForgottenReports(ids=1200, is_complete=True)
    assert (unknown.ids, unknown.before) == (0, NOON - timedelta(days=30))


async def test_it_stops_between_two_batches_when_it_is_told_to() -> None:
    unknown = Unknown(1200)
    told = iter([False, True])

    report = await ForgetUnknownReports(unknown, FrozenClock(NOON))(should_stop=lambda: next(told))

    assert (report.is_complete, unknown.ids) == (False, 1200 - report.ids)
    assert 0 < report.ids < 1200
