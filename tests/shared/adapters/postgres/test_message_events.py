"""The log of what providers report, on a real server."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.adapters.postgres.schema import message_events
from shared.domain.message import TIME_IS_INVALID, StatusUpdate
from tests.samples import NOON, a_notice, a_status

pytestmark = pytest.mark.integration


async def kept(database: Database) -> int:
    return await database.run(lambda c: c.execute(select(func.count()).select_from(message_events)).scalar_one())


@pytest.mark.parametrize(
    ("report", "events"), [(a_status(), 2), (a_status(attributes={TIME_IS_INVALID: True}), 1)], ids=["dated", "undated"]
)
async def test_a_word_said_again_later_is_news_only_if_the_provider_dates_it(
    database: Database, report: StatusUpdate, events: int
) -> None:
    store = PostgresHistoryStore(database)

    for minutes in (0, 1):
        at = NOON + timedelta(minutes=minutes)
        await store.record_status(a_status(occurred_at=at, attributes=report.attributes))

    assert await kept(database) == events


async def test_a_notice_that_comes_again_is_kept_once(database: Database) -> None:
    store = PostgresHistoryStore(database)

    for minutes in (0, 1):
        await store.record_notice(a_notice(occurred_at=NOON + timedelta(minutes=minutes)))

    assert await kept(database) == 1
