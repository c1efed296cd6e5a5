"""Rows of an hour as they were known at one moment, and the book of hours, on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text, update

from shared.adapters.postgres.calls import PostgresCallStore
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.export_journal import PostgresExportJournal
from shared.adapters.postgres.export_rows import PostgresExportRows, page_query
from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.adapters.postgres.schema import deliveries, messages
from shared.domain.erasure import Subject
from shared.domain.export import HOUR, Dataset, ExportedPart, ExportHour, PersonalData
from shared.errors import LeaseLost, StoreUnavailable
from shared.ports.exports import PlacedRow, RowPlace
from tests.exported_history import SECOND, Asked, write_call, write_report, write_turns
from tests.samples import a_message, a_ticket

pytestmark = pytest.mark.integration
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
TALKS = ExportHour(dataset=Dataset.CONVERSATIONS, starts_at=NINE)
TRACES = ExportHour(dataset=Dataset.TRACES, starts_at=NINE)
CALLS = ExportHour(dataset=Dataset.CALLS, starts_at=NINE)
PART = ExportedPart(rows=2, bytes=100, sha256="00")


def turn(name: str = "a", *, minutes: float = 5, **given: Any) -> Asked:
    return Asked(name=name, at=NINE + timedelta(minutes=minutes), **given)


async def no_sleep(_seconds: float) -> None:
    await asyncio.sleep(0)


async def rows_of(database: Database, hour: ExportHour, *, limit: int = 100) -> Sequence[PlacedRow]:
    return await PostgresExportRows(database).page(hour, after=None, limit=limit)


async def lines_of(database: Database, hour: ExportHour) -> list[dict[str, Any]]:
    found = await rows_of(database, hour)
    return [dict(placed.row.fields(PersonalData.MASKED)) for placed in found]


class TestRows:
    async def test_an_hour_holds_what_was_stored_from_its_first_to_its_last_moment(self, database: Database) -> None:
        moment = timedelta(microseconds=1)
        edges = {"before": NINE - moment, "first": NINE, "last": NINE + HOUR - moment, "after": NINE + HOUR}
        await write_turns(database, *(Asked(name=name, at=at, reply=None) for name, at in edges.items()))

        found = await rows_of(database, TALKS)

        assert [placed.place.at for placed in found] == [edges["first"], edges["last"]]

    async def test_pages_of_any_size_give_every_row_once_also_where_many_have_the_same_time(
        self, database: Database
    ) -> None:
        turns = [turn(f"t{number}", minutes=number // 4, reply=None) for number in range(11)]
        await write_turns(database, *turns)
        found: list[RowPlace] = []

        while page := await PostgresExportRows(database).page(TALKS, after=found[-1] if found else None, limit=3):
            found += [placed.place for placed in page]

        assert {place.id for place in found} == {turn.question_id for turn in turns}
        assert len(found) == 11

    async def test_a_delivery_stands_where_it_stood_ten_minutes_after_the_hour(self, database: Database) -> None:
        known, unknown = timedelta(minutes=64), timedelta(minutes=66)
        asked = turn(reports=(("delivered", known), ("read", unknown)))
        await write_turns(database, asked)

        _, reply = await lines_of(database, TALKS)

        assert reply["delivery_status"] == "delivered"

    async def test_what_left_only_after_the_hour_was_closed_is_still_waiting_in_it(self, database: Database) -> None:
        asked = turn(reports=(("delivered", timedelta(hours=2)),))
        await write_turns(database, asked)
        left = update(deliveries).where(deliveries.c.reply_id == asked.reply_id).values(updated_at=TALKS.known_until)
        await database.run(lambda connection: connection.execute(left))

        _, reply = await lines_of(database, TALKS)

        assert (reply["delivery_status"], reply["provider_message_id"]) == ("pending", None)

    async def test_a_failure_is_told_with_its_code(self, database: Database) -> None:
        await write_turns(database, turn(reports=(("failed", SECOND),)))

        (line,) = await lines_of(database, TRACES)

        assert (line["delivery_status"], line["error_code"]) == ("failed", "131026")

    async def test_what_changes_later_changes_no_line(self, database: Database) -> None:
        asked = turn(reports=(("delivered", SECOND),))
        await write_turns(database, asked)
        before = [await lines_of(database, hour) for hour in (TALKS, TRACES)]

        def work(connection: Connection) -> None:
            write_report(connection, asked, "read", at=datetime.now(UTC))
            now = {"delivery_status": "read", "attributes": {"seen": True}}
            connection.execute(update(messages).where(messages.c.id == asked.reply_id).values(**now))

        await database.run(work)

        assert [await lines_of(database, hour) for hour in (TALKS, TRACES)] == before

    async def test_words_that_came_after_the_hour_was_closed_are_not_in_it(self, database: Database) -> None:
        asked = turn(text="")
        await write_turns(database, asked)
        heard = update(messages).where(messages.c.id == asked.question_id).values(text="Namaste")
        await database.run(lambda connection: connection.execute(heard))

        question, _ = await lines_of(database, TALKS)

        assert question["text"] is None

    async def test_a_turn_tells_its_tools_and_why_it_went_unanswered(self, database: Database) -> None:
        await write_turns(
            database,
            turn("a", tools=("search_knowledge", "book")),
            turn("b", minutes=6, reply=None, unanswered_because="model_unavailable"),
            turn("c", minutes=7, reply=None, unanswered_because="joined"),
        )

        answered, unanswered = await lines_of(database, TRACES)

        assert [step["tool"] for step in answered["tools"]] == ["search_knowledge", "book"]
        assert {step["outcome"] for step in answered["tools"]} == {"done"}
        assert "919845012345" not in str(answered)
        assert (unanswered["unanswered_because"], unanswered["reply_id"]) == ("model_unavailable", None)

    async def test_what_was_begun_after_a_turn_was_done_with_is_no_part_of_it(self, database: Database) -> None:
        quick = timedelta(milliseconds=5)
        await write_turns(database, turn("a", tools=("search_knowledge", "book"), settled_after=quick))

        (line,) = await lines_of(database, TRACES)

        assert [step["tool"] for step in line["tools"]] == ["search_knowledge"]

    async def test_calls_are_told_once_they_are_over(self, database: Database) -> None:
        await write_call(database, "CA1", at=NINE + timedelta(minutes=1))
        await write_call(database, "CA2", at=NINE + timedelta(minutes=2), is_over=False)

        (line,) = await lines_of(database, CALLS)

        assert (line["call_sid"], line["talked_ms"], line["end_reason"]) == ("CA1", 59_000, "caller_hung_up")


class TestRest:
    async def test_a_message_and_a_call_settle_when_they_are_done_with(self, database: Database) -> None:
        history, phone = PostgresHistoryStore(database), PostgresCallStore(database)
        claim = await history.claim(a_message(), lease_seconds=30)
        assert claim is not None
        await phone.open(a_ticket(call_sid="CA1"), started_at=NINE)

        async def times() -> list[datetime | None]:
            query = text("SELECT settled_at FROM messages UNION ALL SELECT settled_at FROM calls")
            return [*await database.run(lambda connection: connection.execute(query).scalars().all())]

        before = await times()
        await history.complete(claim, None, None)
        await phone.close("CA1", ended_at=NINE, reason="caller_hung_up")

        assert before == [None, None]
        assert all(at is not None and at > datetime.now(UTC) - timedelta(minutes=5) for at in await times())

    async def test_nothing_is_settled_while_somebody_may_still_store_something(
        self, database: Database, postgres_admin: Engine
    ) -> None:
        rows = PostgresExportRows(database, no_sleep)
        with postgres_admin.connect().execution_options(isolation_level="READ COMMITTED") as connection:
            connection.execute(text("INSERT INTO users (channel, user_id) VALUES ('whatsapp', 'asha')"))

            meanwhile = await rows.settled_until()

            connection.commit()
        afterwards = await rows.settled_until()
        assert meanwhile is None
        assert afterwards is not None
        assert timedelta(minutes=1) <= datetime.now(UTC) - afterwards < timedelta(minutes=2)


class TestJournal:
    async def test_an_hour_is_begun_once_and_finished_once(self, database: Database) -> None:
        journal = PostgresExportJournal(database)

        claim = await journal.claim(TALKS, PersonalData.MASKED, lease_seconds=60)
        second = await journal.claim(TALKS, PersonalData.MASKED, lease_seconds=60)
        assert claim is not None
        await journal.finish(claim)

        assert second is None
        assert await journal.claim(TALKS, PersonalData.MASKED, lease_seconds=60) is None

    async def test_who_comes_next_goes_on_where_the_parts_end_in_the_way_they_were_begun(
        self, database: Database
    ) -> None:
        journal = PostgresExportJournal(database)
        first = await journal.claim(TALKS, PersonalData.MASKED, lease_seconds=0)
        assert first is not None
        place = RowPlace(at=NINE, id="7")
        kept = type(first)(hour=TALKS, fence=1, personal_data=PersonalData.MASKED, parts=(PART,), after=place)
        await journal.keep(kept, lease_seconds=0)

        next_one = await journal.claim(TALKS, PersonalData.KEPT, lease_seconds=60)

        assert next_one is not None
        assert (next_one.parts, next_one.after, next_one.personal_data) == ((PART,), place, PersonalData.MASKED)
        with pytest.raises(LeaseLost):
            await journal.keep(kept, lease_seconds=60)

    async def test_who_lost_an_hour_cannot_give_it_back_for_who_has_it(self, database: Database) -> None:
        journal = PostgresExportJournal(database)
        lost = await journal.claim(TALKS, PersonalData.MASKED, lease_seconds=0)
        assert lost is not None
        assert await journal.claim(TALKS, PersonalData.MASKED, lease_seconds=60) is not None

        await journal.give_back(lost)

        assert await journal.claim(TALKS, PersonalData.MASKED, lease_seconds=60) is None

    async def test_unfinished_hours_are_listed_without_gaps_oldest_first(self, database: Database) -> None:
        journal = PostgresExportJournal(database)
        done = ExportHour(dataset=Dataset.CONVERSATIONS, starts_at=NINE + HOUR)
        claim = await journal.claim(done, PersonalData.MASKED, lease_seconds=60)
        assert claim is not None
        await journal.finish(claim)

        found = await journal.unfinished(
            Dataset.CONVERSATIONS, first_at=NINE + timedelta(minutes=30), until=NINE + 4 * HOUR, limit=10
        )

        assert [hour.starts_at for hour in found] == [NINE, NINE + 2 * HOUR, NINE + 3 * HOUR]

    async def test_the_hours_of_an_erased_user_are_cleared_before_they_are_exported_anew(
        self, database: Database
    ) -> None:
        journal = PostgresExportJournal(database)
        subject = Subject(identities=("919845012345",))
        await write_turns(database, turn("a"), turn("b", minutes=300, user_id="919800000000"))
        claim = await journal.claim(TALKS, PersonalData.MASKED, lease_seconds=60)
        assert claim is not None
        await journal.finish(claim)

        found, marked = await journal.count(subject), await journal.mark(subject, erased="a1")
        meanwhile = await journal.claim(TALKS, PersonalData.MASKED, lease_seconds=60)
        hours = await journal.marked(erased="a1", limit=10)
        for hour in hours:
            await journal.cleared(hour, erased="a1")

        assert (found, marked) == (2, 2)
        assert {*hours} == {TALKS, TRACES}
        assert meanwhile is None
        assert await journal.claim(TALKS, PersonalData.MASKED, lease_seconds=60) is not None

    async def test_an_export_that_goes_on_is_waited_for_and_stops_at_its_next_part(self, database: Database) -> None:
        journal = PostgresExportJournal(database)
        await write_turns(database, turn("a", reply=None, unanswered_because="joined"))
        claim = await journal.claim(TALKS, PersonalData.MASKED, lease_seconds=60)
        traces = await journal.claim(TRACES, PersonalData.MASKED, lease_seconds=60)
        assert claim is not None
        assert traces is not None
        await journal.mark(Subject(identities=("919845012345",)), erased="a1")

        with pytest.raises(StoreUnavailable):
            await journal.marked(erased="a1", limit=10)
        with pytest.raises(LeaseLost):
            await journal.keep(claim, lease_seconds=60)
        await journal.give_back(claim)

        assert await journal.marked(erased="a1", limit=10) == [TALKS]

    async def test_of_two_erasures_at_once_none_clears_what_the_other_marked(self, database: Database) -> None:
        journal = PostgresExportJournal(database)
        await write_turns(database, turn("a"), turn("b", minutes=6, user_id="919800000000"))
        for erased, user_id in (("a1", "919845012345"), ("b2", "919800000000")):
            await journal.mark(Subject(identities=(user_id,)), erased=erased)

        await journal.cleared(TALKS, erased="b2")

        assert await journal.claim(TALKS, PersonalData.MASKED, lease_seconds=60) is None
        assert TALKS in await journal.marked(erased="a1", limit=10)
        assert TALKS not in await journal.marked(erased="b2", limit=10)


@pytest.mark.parametrize(
    ("hour", "index"), [(TALKS, "messages_stored"), (TRACES, "messages_settled"), (CALLS, "calls_settled")]
)
async def test_the_pages_of_an_hour_are_found_by_an_index(database: Database, hour: ExportHour, index: str) -> None:
    """A table of years is not read to export an hour of it."""
    place = RowPlace(at=NINE, id="00000000-0000-7000-8000-000000000000")

    def work(connection: Connection) -> str:
        whole = {"literal_binds": True}
        query = page_query(hour, after=place, limit=5).compile(connection, compile_kwargs=whole)
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        return "\n".join(connection.exec_driver_sql(f"EXPLAIN {query}").scalars())

    plan = await database.run(work)

    assert f"Index Scan using {index} on" in plan
    assert "Sort" not in plan
