"""Restore tests are judged and reported, whatever became of the restored database."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from shared import observability
from shared.domain.restore import DatabaseSurvey, FinishedRestore, RestoreJob, RestoreVerdict
from shared.errors import NotFound, ProviderUnavailable, StoreUnavailable
from shared.ports.backups import DatabaseAddress
from shared.use_cases.check_restore import ATTEMPTS, CheckRestore, MeasureRestorableLag, MeasureRestoreTests
from tests.fakes.clock import FrozenClock

BEGAN_AT = datetime(2026, 3, 3, 1, tzinfo=UTC)
RESTORE = FinishedRestore(
    job_id="job", resource_arn="arn:db:restored", began_at=BEGAN_AT, finished_at=BEGAN_AT + timedelta(minutes=40)
)


@dataclass
class FakeBackups:
    """Implements `BackupService`."""

    reported: dict[str, RestoreVerdict] = field(default_factory=dict)
    latest_at: datetime | None = None
    is_gone: bool = False
    backed_up_at: datetime | None = None
    has_no_answer: bool = False
    database_created_at: datetime = BEGAN_AT

    async def restored_database(self, resource_arn: str) -> DatabaseAddress:
        """See `BackupService.restored_database`."""
        if self.is_gone:
            raise NotFound("There is no such database.")
        return DatabaseAddress(host=resource_arn, port=5432)

    async def restore_job(self, job_id: str) -> RestoreJob:
        """See `BackupService.restore_job`."""
        return RestoreJob(backed_up_at=self.backed_up_at, verdict=self.reported.get(job_id))

    async def report(self, job_id: str, verdict: RestoreVerdict) -> None:
        """See `BackupService.report`; the provider deletes the restored database then."""
        self.reported[job_id] = verdict
        self.is_gone = True
        if self.has_no_answer:
            raise ProviderUnavailable("AWS gave no answer.")

    async def latest_restorable_at(self, _database_id: str) -> datetime | None:
        """See `BackupService.latest_restorable_at`."""
        return self.latest_at

    async def created_at(self, _database_id: str) -> datetime:
        """See `BackupService.created_at`."""
        return self.database_created_at


@dataclass
class FakeTests:
    """Implements `RestoreTests`."""

    succeeded_at: datetime | None = None

    async def last_success_at(self, *, since: datetime) -> datetime | None:
        """See `RestoreTests.last_success_at`."""
        return None if self.succeeded_at is None or self.succeeded_at < since else self.succeeded_at


@dataclass
class FakeDatabase:
    """Implements `DatabaseSurveyor` and `RestoredDatabases` over the times at which messages were stored."""

    stored_at: list[datetime]
    refusals: int = 0

    async def survey(self, _address: DatabaseAddress | None = None, *, until: datetime | None = None) -> DatabaseSurvey:
        """See `DatabaseSurveyor.survey`."""
        if self.refusals:
            self.refusals -= 1
            raise StoreUnavailable("The database gave no answer.")
        counted = [at for at in self.stored_at if until is None or at <= until]
        return DatabaseSurvey(
            schema_version="0001", rows={"messages": len(counted)}, newest_at=max(self.stored_at, default=None)
        )


@dataclass
class Practice:
    """A live database of three days, a restored one that lacks the last day."""

    backups: FakeBackups = field(default_factory=FakeBackups)
    live: FakeDatabase = field(
        default_factory=lambda: FakeDatabase([BEGAN_AT - timedelta(hours=hours) for hours in range(72)])
    )
    restored: FakeDatabase = field(
        default_factory=lambda: FakeDatabase([BEGAN_AT - timedelta(hours=hours) for hours in range(24, 72)])
    )
    paused: list[float] = field(default_factory=list)

    async def check(self) -> RestoreVerdict:
        """Judge the restore."""

        async def pause(seconds: float) -> None:
            self.paused.append(seconds)

        check = CheckRestore(self.backups, self.restored, self.live, pause, revisions=("0001",))
        return await check(RESTORE)


@pytest.fixture(autouse=True)
def _no_metrics_of_other_tests() -> None:
    observability.metrics.clear_metrics()


@pytest.fixture
def practice() -> Practice:
    return Practice()


def metric(capsys: pytest.CaptureFixture[str], name: str) -> list[float]:
    observability.flush_metrics()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    values: list[float] = next(line[name] for line in lines if name in line)
    return values


async def test_a_backup_of_yesterday_is_whole_without_the_rows_of_today(practice: Practice) -> None:
    verdict = await practice.check()

    assert verdict.is_whole
    assert practice.backups.reported == {"job": verdict}


async def test_a_row_that_the_backup_should_hold_is_missed(practice: Practice) -> None:
    del practice.restored.stored_at[10]

    verdict = await practice.check()

    assert not verdict.is_whole
    assert practice.backups.reported["job"].message.startswith("Rows are missing: 1 of messages.")


async def test_an_empty_restored_database_is_broken_if_the_live_one_is_old_enough(practice: Practice) -> None:
    practice.restored.stored_at = []
    practice.live.stored_at = [BEGAN_AT - timedelta(days=9)]

    assert not (await practice.check()).is_whole


@pytest.mark.requirement("15.4")
async def test_a_backup_that_lacks_the_day_before_it_was_made_is_broken(practice: Practice) -> None:
    practice.backups.backed_up_at = BEGAN_AT

    verdict = await practice.check()

    assert not verdict.is_whole
    assert verdict.message.startswith("Rows are missing: 23 of messages.")


async def test_a_check_whose_report_was_heard_but_not_answered_comes_to_the_same_when_it_is_done_again(
    practice: Practice, capsys: pytest.CaptureFixture[str]
) -> None:
    practice.backups.has_no_answer = True
    with pytest.raises(ProviderUnavailable):
        await practice.check()
    told = practice.backups.reported["job"]

    verdict = await practice.check()

    assert verdict == told
    assert verdict.is_whole
    assert metric(capsys, "restore_succeeded") == [1.0]


async def test_a_database_that_comes_up_late_is_given_time(practice: Practice) -> None:
    practice.restored.refusals = ATTEMPTS - 1

    verdict = await practice.check()

    assert verdict.is_whole
    assert practice.paused == [10.0, 10.0]


async def test_a_database_that_nobody_can_read_is_reported_as_broken(practice: Practice) -> None:
    practice.restored.refusals = ATTEMPTS

    await practice.check()

    assert not practice.backups.reported["job"].is_whole


async def test_a_restored_database_that_is_gone_is_reported_as_broken(practice: Practice) -> None:
    practice.backups.is_gone = True

    assert not (await practice.check()).is_whole


async def test_without_the_live_database_there_is_no_verdict(practice: Practice) -> None:
    practice.live.refusals = 1

    with pytest.raises(StoreUnavailable):
        await practice.check()

    assert practice.backups.reported == {}


async def test_the_duration_of_the_restore_is_recorded(practice: Practice, capsys: pytest.CaptureFixture[str]) -> None:
    await practice.check()

    assert metric(capsys, "restore_duration_seconds") == [2400.0]


@pytest.mark.requirement("15.2")
async def test_the_lag_of_the_restorable_time_is_recorded(
    clock: FrozenClock, capsys: pytest.CaptureFixture[str]
) -> None:
    backups = FakeBackups(latest_at=clock() - timedelta(seconds=240))

    await MeasureRestorableLag(backups, clock, database_id="vaani-database")()

    assert metric(capsys, "restorable_lag_seconds") == [240.0]


@pytest.mark.requirement("15.4")
@pytest.mark.parametrize(
    ("succeeded", "created", "age"),
    [
        (timedelta(days=3), timedelta(days=400), 3.0),
        (None, timedelta(days=20), 20.0),
        (timedelta(days=50), timedelta(days=400), 40.0),
    ],
)
async def test_the_age_of_the_last_good_test_is_recorded(
    clock: FrozenClock,
    capsys: pytest.CaptureFixture[str],
    *,
    succeeded: timedelta | None,
    created: timedelta,
    age: float,
) -> None:
    tests = FakeTests(succeeded_at=None if succeeded is None else clock() - succeeded)
    backups = FakeBackups(database_created_at=clock() - created)

    await MeasureRestoreTests(tests, backups, clock, database_id="vaani-database")()

    assert metric(capsys, "restore_test_age_days") == [age]


async def test_a_database_without_backups_is_an_error(clock: FrozenClock) -> None:
    with pytest.raises(NotFound):
        await MeasureRestorableLag(FakeBackups(), clock, database_id="vaani-database")()
