from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.restore import DatabaseSurvey, RestoreVerdict, compared_until
from shared.domain.restore import judge as judge_knowing

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
REVISIONS = ("0001", "0002", "0003")


def survey(*, schema_version: str | None = "0001", newest_at: datetime | None = NOON, **rows: int) -> DatabaseSurvey:
    return DatabaseSurvey(schema_version=schema_version, rows=rows, newest_at=newest_at)


def judge(restored: DatabaseSurvey, live: DatabaseSurvey) -> RestoreVerdict:
    return judge_knowing(restored, live, revisions=REVISIONS)


def test_a_database_with_every_row_of_the_live_one_is_whole() -> None:
    verdict = judge(survey(messages=10, calls=2), survey(messages=10, calls=2))

    assert verdict.is_whole
    assert verdict.message == "Schema 0001; rows: calls 2, messages 10."


def test_a_missing_row_is_a_broken_restore() -> None:
    verdict = judge(survey(messages=10, calls=1), survey(messages=10, calls=3))

    assert not verdict.is_whole
    assert verdict.message == "Rows are missing: 2 of calls. Found: calls 1, messages 10."


def test_rows_that_were_deleted_since_the_backup_are_no_fault() -> None:
    assert judge(survey(messages=10), survey(messages=7)).is_whole


def test_a_database_without_schema_is_broken() -> None:
    assert not judge(survey(schema_version=None), survey()).is_whole


@pytest.mark.parametrize(("restored", "live"), [("0001", "0001"), ("0001", "0003"), ("0002", "9999")])
def test_a_backup_from_before_a_migration_is_whole(restored: str, live: str) -> None:
    assert judge(survey(schema_version=restored), survey(schema_version=live)).is_whole


@pytest.mark.parametrize(("restored", "live"), [("0003", "0001"), ("9999", "0003")])
def test_a_schema_that_is_newer_than_the_live_one_or_unknown_is_a_fault(restored: str, live: str) -> None:
    verdict = judge(survey(schema_version=restored), survey(schema_version=live))

    assert not verdict.is_whole
    assert restored in verdict.message
    assert live in verdict.message


def test_agents_that_were_added_since_the_backup_are_no_fault() -> None:
    assert judge(survey(agents=3), survey(agents=4)).is_whole
    assert not judge(survey(agents=0), survey(agents=4)).is_whole


def until(*, newest_at: datetime | None = NOON, backed_up_at: datetime | None = None) -> datetime:
    oldest = NOON - timedelta(days=8)
    return compared_until(survey(newest_at=newest_at), oldest_backup_at=oldest, backed_up_at=backed_up_at)


def test_rows_that_may_have_been_committed_after_the_backup_are_not_compared() -> None:
    assert until() == NOON - timedelta(minutes=1)


def test_rows_from_before_the_backup_are_compared_though_none_of_them_was_restored() -> None:
    assert until(newest_at=NOON - timedelta(days=3), backed_up_at=NOON) == NOON - timedelta(hours=1)


def test_an_empty_database_is_compared_up_to_the_oldest_backup_it_may_come_from() -> None:
    assert until(newest_at=None) == NOON - timedelta(days=8)
