"""The function by the events that AWS sends, over two real databases and an emulated Secrets Manager."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import Connection, make_url, text, update

from shared import lambda_runtime
from shared.adapters.aws.client import AwsClient
from shared.adapters.aws.database_secret import DatabaseSecret
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.adapters.postgres.migrate import upgrade
from shared.adapters.postgres.revisions import revisions
from shared.adapters.postgres.schema import messages as messages_table
from shared.adapters.postgres.schema import users as users_table
from shared.adapters.postgres.survey import PostgresRestoredDatabases, PostgresSurveyor
from shared.domain.restore import RestoreJob, RestoreVerdict
from shared.errors import ProviderUnavailable
from shared.ports.backups import DatabaseAddress
from shared.use_cases.check_restore import CheckRestore, InspectRestored, MeasureRestorableLag, MeasureRestoreTests
from tests.functions.loading import load_function
from tests.samples import a_message

pytestmark = pytest.mark.integration
EVENTS = Path(__file__).parents[3] / "events" / "restore_check"
# Long before the restore job of the sample event.
FIRST_STORED_AT = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass
class FakeBackups:
    """Implements `BackupService` for one restored database."""

    address: DatabaseAddress
    reported: list[tuple[str, RestoreVerdict]] = field(default_factory=list)

    async def restored_database(self, _resource_arn: str) -> DatabaseAddress:
        """See `BackupService.restored_database`."""
        return self.address

    async def restore_job(self, job_id: str) -> RestoreJob:
        """See `BackupService.restore_job`."""
        return RestoreJob(verdict=dict(self.reported).get(job_id))

    async def report(self, job_id: str, verdict: RestoreVerdict) -> None:
        """See `BackupService.report`."""
        self.reported.append((job_id, verdict))

    async def latest_restorable_at(self, _database_id: str) -> datetime | None:
        """See `BackupService.latest_restorable_at`."""
        return datetime(2026, 11, 2, 20, 0, tzinfo=UTC)

    async def created_at(self, _database_id: str) -> datetime:
        """See `BackupService.created_at`."""
        return datetime(2026, 10, 2, tzinfo=UTC)


class NoTests:
    """Implements `RestoreTests`: there were none, and perhaps nobody who knows."""

    is_silent = False

    async def last_success_at(self, *, since: datetime) -> None:
        """See `RestoreTests.last_success_at`."""
        if self.is_silent:
            raise ProviderUnavailable(f"CloudWatch gave no answer about restore tests since {since}.")


def fill(url: str, *, messages: int) -> None:
    """One message an hour."""

    async def work() -> None:
        database = Database(url, pool_size=1)
        history = PostgresHistoryStore(database)
        for number in range(messages):
            claim = await history.claim(a_message(user_id=f"user-{number}"), lease_seconds=30)
            assert claim is not None
            stored_at = FIRST_STORED_AT + timedelta(hours=number)
            move = update(messages_table).where(messages_table.c.id == claim.message_id).values(stored_at=stored_at)
            await database.run(partial(Connection.execute, statement=move))
            seen = update(users_table).where(users_table.c.user_id == f"user-{number}").values(first_seen_at=stored_at)
            await database.run(partial(Connection.execute, statement=seen))
        await database.close()

    lambda_runtime.run(work())


@pytest.fixture
def secret(aws_url: str, database_url: str) -> DatabaseSecret:
    """The database's password is the one before the last: it was rotated since the backup."""
    client = AwsClient("secretsmanager", region="ap-south-1", endpoint_url=aws_url)
    url = make_url(database_url)
    old = json.dumps({"username": url.username, "password": url.password})
    secret_id = client().create_secret(Name="database-user", SecretString=old)["ARN"]
    client().put_secret_value(SecretId=secret_id, SecretString=json.dumps({"username": "twin", "password": "new"}))
    return DatabaseSecret(client, secret_id)


@pytest.fixture
def backups(empty_database_url: str) -> FakeBackups:
    url = make_url(empty_database_url)
    return FakeBackups(DatabaseAddress(host=str(url.host), port=url.port or 5432))


@pytest.fixture
def tests() -> NoTests:
    return NoTests()


@pytest.fixture
def module(
    database_url: str, empty_database_url: str, secret: DatabaseSecret, backups: FakeBackups, tests: NoTests
) -> Iterator[ModuleType]:
    live = Database(database_url, pool_size=1)
    restored = PostgresRestoredDatabases(str(make_url(empty_database_url).database), secret.sign_ins)

    async def pause(_seconds: float) -> None:
        """Tests do not wait."""

    def clock() -> datetime:
        return datetime(2026, 11, 2, 20, 4, tzinfo=UTC)

    yield load_function(
        "restore_check",
        check_restore=CheckRestore(backups, restored, PostgresSurveyor(live), pause, revisions=revisions()),
        inspect_restored=InspectRestored(backups, restored),
        measure_restorable_lag=MeasureRestorableLag(backups, clock, database_id="vaani-database"),
        measure_restore_tests=MeasureRestoreTests(tests, backups, clock, database_id="vaani-database"),
    )
    lambda_runtime.run(live.close())


def call(module: ModuleType, case: str) -> None:
    module.handler(json.loads((EVENTS / f"{case}.json").read_text()), None)


def metrics(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for line in capsys.readouterr().out.splitlines():
        if '"_aws"' in line:
            found |= json.loads(line)
    return found


@pytest.mark.requirement("15.4")
def test_a_restored_database_with_all_rows_is_whole(
    module: ModuleType,
    backups: FakeBackups,
    database_url: str,
    empty_database_url: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    upgrade(empty_database_url)
    fill(database_url, messages=4)
    fill(empty_database_url, messages=3)

    call(module, "restore_completed")

    ((job_id, verdict),) = backups.reported
    assert job_id == "9A7C1E52-0000-4000-8000-0123456789AB"
    assert verdict.is_whole, verdict.message
    found = metrics(capsys)
    assert (found["restore_duration_seconds"], found["restore_succeeded"]) == ([2604.0], [1.0])
    assert found["restored_newest_row_age_seconds"] == [149465.0]


def test_a_restored_database_that_lacks_a_row_is_broken(
    module: ModuleType, backups: FakeBackups, database_url: str, empty_database_url: str
) -> None:
    upgrade(empty_database_url)
    fill(database_url, messages=3)
    fill(empty_database_url, messages=3)
    restored = Database(empty_database_url, pool_size=1)
    lose = text("DELETE FROM messages WHERE stored_at < '2026-11-01T00:30:00Z'")
    lambda_runtime.run(restored.run(lambda connection: connection.execute(lose)))
    lambda_runtime.run(restored.close())

    call(module, "restore_completed")

    assert backups.reported[0][1].message.startswith("Rows are missing: 1 of messages.")


def test_a_database_without_tables_is_broken(module: ModuleType, backups: FakeBackups, database_url: str) -> None:
    fill(database_url, messages=1)

    call(module, "restore_completed")

    assert backups.reported[0][1] == RestoreVerdict(is_whole=False, message="The restored database has no schema.")


def test_a_database_that_nobody_can_sign_in_to_is_broken(
    module: ModuleType, backups: FakeBackups, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forgotten() -> tuple[tuple[str, str], ...]:
        return (("vaani", "a password of last year"),)

    monkeypatch.setattr(module.check_restore, "_restored", PostgresRestoredDatabases("vaani", forgotten))

    call(module, "restore_completed")

    assert not backups.reported[0][1].is_whole


def test_the_schedule_records_the_lag_and_the_age_of_the_last_test(
    module: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    call(module, "schedule")

    found = metrics(capsys)
    assert found["restorable_lag_seconds"] == [240.0]
    assert found["restore_test_age_days"] == [pytest.approx(31.836, abs=0.001)]


def test_the_lag_is_recorded_though_nobody_knows_of_the_tests(
    module: ModuleType, tests: NoTests, capsys: pytest.CaptureFixture[str]
) -> None:
    tests.is_silent = True

    with pytest.raises(ProviderUnavailable):
        call(module, "schedule")

    assert metrics(capsys)["restorable_lag_seconds"] == [240.0]


@pytest.mark.requirement("15.5")
def test_an_operator_learns_what_stands_in_a_database_that_was_restored_by_hand(
    module: ModuleType, empty_database_url: str
) -> None:
    upgrade(empty_database_url)
    fill(empty_database_url, messages=2)

    answer = module.handler(json.loads((EVENTS / "inspect.json").read_text()), None)

    assert answer == {
        "schema_version": revisions()[-1],
        "rows": {"agents": 0, "calls": 0, "messages": 2, "users": 2},
        "newest_at": (FIRST_STORED_AT + timedelta(hours=1)).isoformat(),
    }


def test_a_check_that_is_called_twice_tells_one_verdict(
    module: ModuleType, backups: FakeBackups, database_url: str, empty_database_url: str
) -> None:
    upgrade(empty_database_url)
    fill(database_url, messages=2)
    fill(empty_database_url, messages=2)

    call(module, "restore_completed")
    call(module, "restore_completed")

    ((_, verdict),) = backups.reported
    assert verdict.is_whole
