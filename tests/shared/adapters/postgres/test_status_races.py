"""Two transactions about one message: the second one waits for the first one and sees what it did."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, select, text

from shared.adapters.postgres.engine import Database, make_engine
from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.adapters.postgres.message_events import record_status
from shared.adapters.postgres.schema import messages
from shared.domain.message import Delivery, DeliveryStatus, ReplyPart
from shared.domain.reply import ReplyDraft
from shared.ports.stores import Claim, RecordedStatus
from tests.samples import a_message, a_status

pytestmark = pytest.mark.integration

DRAFT = ReplyDraft(text="Hi", agent_id="reception")
SENT = Delivery(
    text="Hi",
    provider_message_ids=("wamid.out",),
    parts=(ReplyPart(position=1, text="Hi", status=DeliveryStatus.SENT, provider_message_id="wamid.out"),),
)
_IS_WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url, pool_size=4, ca_file=None, credentials=None, socket_timeout_seconds=10)
    yield engine
    engine.dispose()


async def held(database: Database) -> Claim:
    history = PostgresHistoryStore(database)
    claim = await history.claim(a_message(), lease_seconds=30)
    assert claim is not None
    await history.hold_reply(claim, DRAFT, delivery_id="d-1")
    return claim


def record(engine: Engine, status: DeliveryStatus, correlation_id: str | None) -> RecordedStatus | None:
    with engine.begin() as connection:
        return record_status(connection, a_status(status=status, correlation_id=correlation_id))


def wait_until_blocked(engine: Engine, work: Future[RecordedStatus | None]) -> None:
    """Until the database says that somebody waits, or the work is done without having waited."""
    with engine.connect() as connection:
        while not work.done() and connection.execute(_IS_WAITING).scalar_one() == 0:
            connection.rollback()


def status_of_the_reply(engine: Engine) -> str:
    with engine.connect() as connection:
        query = select(messages.c.delivery_status).where(messages.c.direction == "outbound")
        return str(connection.execute(query).scalar_one())


@pytest.mark.parametrize("correlation_id", ["d-1", None], ids=["by-our-id", "by-its-id"])
async def test_a_status_that_comes_while_its_reply_is_being_stored_is_not_lost(
    database: Database, engine: Engine, monkeypatch: pytest.MonkeyPatch, correlation_id: str | None
) -> None:
    claim = await held(database)
    finish = "shared.adapters.postgres.claims.finish"
    with ThreadPoolExecutor(max_workers=1) as executor:

        def report_meanwhile(*_: object) -> None:
            """The last step of storing: everything is written and nothing is committed."""
            work = executor.submit(record, engine, DeliveryStatus.READ, correlation_id)
            wait_until_blocked(engine, work)

        monkeypatch.setattr(finish, report_meanwhile)
        await PostgresHistoryStore(database).complete(claim, DRAFT, SENT)

    assert status_of_the_reply(engine) == "read"


async def test_of_two_statuses_at_once_the_earlier_one_does_not_overwrite_the_later(
    database: Database, engine: Engine
) -> None:
    claim = await held(database)
    await PostgresHistoryStore(database).complete(claim, DRAFT, SENT)

    with ThreadPoolExecutor(max_workers=1) as executor, engine.begin() as connection:
        record_status(connection, a_status(status=DeliveryStatus.DELIVERED, correlation_id="d-1"))
        work = executor.submit(record, engine, DeliveryStatus.READ, "d-1")
        wait_until_blocked(engine, work)
        connection.commit()

    assert status_of_the_reply(engine) == "read"
