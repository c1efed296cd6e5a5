from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shared.domain.restore import DatabaseSurvey, compared_until, judge

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def survey(*, schema_version: str | None = "0001", newest_at: datetime | None = NOON, **rows: int) -> DatabaseSurvey:
    return DatabaseSurvey(schema_version=schema_version, rows=rows, newest_at=newest_at)


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


def test_rows_that_may_have_been_committed_after_the_backup_are_not_compared() -> None:
    assert compared_until(survey(), oldest_backup_at=NOON) == NOON - timedelta(minutes=1)


def test_an_empty_database_is_compared_up_to_the_oldest_backup_it_may_come_from() -> None:
    assert compared_until(survey(newest_at=None), oldest_backup_at=NOON - timedelta(days=8)) == NOON - timedelta(days=8)
