"""Erasing a user's rows: nothing of the user is left in any table, and nothing of anybody else is gone."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, text, update

from shared.adapters.postgres import schema
from shared.adapters.postgres.calls import PostgresCallStore
from shared.adapters.postgres.consent import PostgresConsentStore
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.erasure import PostgresUserRows
from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.adapters.postgres.identities import PostgresIdentityStore
from shared.adapters.postgres.person_links import PostgresPersonLinks
from shared.adapters.postgres.tool_audit import PostgresToolAudit
from shared.domain.consent import ConsentRequest, Wish
from shared.domain.conversation import ConversationKey
from shared.domain.erasure import Counts, Subject
from shared.domain.message import Delivery, InboundMessage, MessageKind, NoticeKind
from shared.domain.reply import ReplyDraft
from shared.domain.tools.tool_use import ToolUse
from tests.samples import a_message, a_notice, a_status, a_ticket

pytestmark = pytest.mark.integration

USER, HER_ID, OTHER = "919845012345", "IN.8812345678901", "919845012346"
NOW = datetime.now(UTC)


@pytest.fixture
def user_rows(database: Database) -> PostgresUserRows:
    return PostgresUserRows(database, longest_call=timedelta(minutes=35))


async def write(database: Database, work: Any) -> Any:
    return await database.run(work)


async def chat(database: Database, user_id: str, number: int, *, channel: str = "whatsapp") -> InboundMessage:
    """A question with a file, its reply in two parts, and a status for each."""
    history = PostgresHistoryStore(database)
    stated = a_message(
        user_id=user_id,
        aliases=(HER_ID,) if user_id == USER else (),
        channel=channel,
        provider_message_id=f"wamid.{channel}.{user_id}.{number}",
        text=f"I am {user_id}",
        user_name=f"Name of {user_id}",
        sent_at=NOW,
        attributes={"wa_id": user_id},
    )
    message = await PostgresIdentityStore(database).resolve(stated)
    claim = await history.claim(message, lease_seconds=30)
    assert claim is not None
    draft = ReplyDraft(text=f"Hello {user_id}", agent_id=None)
    held = await history.hold_reply(claim, draft, delivery_id=f"delivery-{claim.message_id}", parts=("Hello", user_id))
    ids = (f"out.{claim.message_id}.1", f"out.{claim.message_id}.2")
    for provider_id in ids:
        await history.record_status(a_status(provider_message_id=provider_id, user_id=user_id, channel=channel))
    # Names neither the user nor a message that is known, only the second part of the delivery.
    of_a_part = a_status(provider_message_id=f"late.{claim.message_id}", correlation_id=f"{held.delivery_id}.2")
    await history.record_status(replace(of_a_part, channel=channel, user_id=None))
    await history.complete(claim, held.draft, Delivery(text=draft.text, provider_message_ids=ids))

    def keep_file(connection: Connection) -> None:
        connection.execute(
            insert(schema.media).values(
                message_id=claim.message_id,
                position=0,
                provider_id="media-1",
                url=f"https://provider.example/{user_id}",
                mime_type="image/jpeg",
                state="stored",
                key=f"media/2026/03/02/{channel}/{claim.message_id}/0",
            )
        )

    await write(database, keep_file)
    return message


async def call(database: Database, user_id: str, *, is_over: bool = True) -> None:
    calls = PostgresCallStore(database)
    sid = f"CA{user_id}"
    await calls.open(a_ticket(call_sid=sid, caller_id=user_id), started_at=NOW)
    history = PostgresHistoryStore(database)
    said = a_message(
        channel="voice",
        user_id=user_id,
        kind=MessageKind.SPEECH,
        provider_message_id=f"{sid}-1",
        attributes={"call_sid": sid, "start_ms": 0, "end_ms": 900},
        sent_at=NOW,
    )
    claim = await history.claim(said, lease_seconds=30)
    assert claim is not None
    await history.complete(claim, None, None)
    await calls.attach_recording(sid, key=f"recordings/2026/03/02/{sid}/recording.wav", duration_ms=900)
    if is_over:
        await calls.close(sid, ended_at=NOW, reason="hung_up")


async def use_tools(database: Database, user_id: str) -> None:
    """What an agent did for the user, and promised, in their first conversation."""
    of_user = select(schema.conversations.c.id).where(schema.conversations.c.user_id == user_id).limit(1)
    conversation_id = await write(database, lambda connection: connection.execute(of_user).scalar_one())
    use = ToolUse(
        id=str(uuid.uuid5(uuid.NAMESPACE_OID, user_id)),
        conversation_id=conversation_id,
        message_id=f"wamid.whatsapp.{user_id}.0",
        agent_id="billing",
        tool="look_up_bill",
        arguments={"phone": user_id},
    )
    await PostgresToolAudit(database).begin(use)
    promised = {
        "id": use.id,
        "conversation_id": conversation_id,
        "wanted": "agent",
        "phone_number": user_id,
        "about": "the bill",
        "due_at": NOW,
        "state": "due",
    }
    await write(database, lambda connection: connection.execute(insert(schema.call_backs).values(promised)))


async def live(database: Database, user_id: str) -> None:
    """Everything that a user can leave behind."""
    for number in range(5):
        await chat(database, user_id, number)
    await use_tools(database, user_id)
    await chat(database, user_id, 0, channel="twilio-whatsapp")
    await call(database, user_id)
    history = PostgresHistoryStore(database)
    raw = {"entry": [{"from": f"+{user_id}", "text": "raw"}]}
    await history.record_notice(a_notice(notice_id=f"raw-{user_id}", kind=NoticeKind.REJECTED, payload=raw))
    await history.record_status(a_status(provider_message_id=f"orphan-{user_id}", user_id=user_id))
    failed = a_status(provider_message_id=f"failed-{user_id}", error_title=f"Not sent to +{user_id}.")
    await history.record_status(failed)
    stop = a_message(user_id=user_id, text="STOP", provider_message_id=f"wamid.stop.{user_id}")
    claim = await history.claim(stop, lease_seconds=30)
    assert claim is not None
    request = ConsentRequest(wish=Wish.STOP, word="stop")
    await PostgresConsentStore(database).keep(claim, stop, request)
    await history.complete(claim, None, None)


async def erase(rows: PostgresUserRows, subject: Subject, *, at_once: int = 3) -> Counts:
    erased: Counts = Counter()
    while some := await rows.erase_messages(subject, limit=at_once):
        erased += some
    place: int | None = 0
    while place is not None:
        place, some = await rows.events(subject, after=place, limit=at_once, is_dry_run=False)
        erased += some
    rest = await rows.erase_rest(subject)
    assert rest is not None
    return erased + rest


def everything(connection: Connection) -> dict[str, str]:
    """Each table as one text."""
    as_text = "SELECT coalesce(string_agg(row::text, ' '), '') FROM {} row"
    return {
        table.name: connection.execute(text(as_text.format(table.name))).scalar_one()
        for table in schema.metadata.sorted_tables
    }


def mentions(tables: dict[str, str], *names: str) -> set[str]:
    return {table for table, rows in tables.items() if any(name in rows for name in names)}


async def test_nothing_of_the_user_is_left_in_any_table_and_all_of_another_user(
    database: Database, user_rows: PostgresUserRows
) -> None:
    await live(database, OTHER)
    before = await write(database, everything)
    await live(database, USER)
    full = await write(database, everything)
    assert mentions(full, USER) >= {
        "users",
        "messages",
        "message_events",
        "calls",
        "conversations",
        "tool_calls",
        "call_backs",
    }

    await erase(user_rows, await user_rows.find(USER, channel=None))

    after = await write(database, everything)
    assert mentions(after, USER, HER_ID) == set()
    assert mentions(after, OTHER) == mentions(before, OTHER)
    assert {name: len(rows) for name, rows in after.items()} == {name: len(rows) for name, rows in before.items()}


async def test_what_was_counted_is_what_is_erased(database: Database, user_rows: PostgresUserRows) -> None:
    await live(database, USER)
    subject = await user_rows.find(USER, channel=None)
    counted = await user_rows.count(subject)

    erased = await erase(user_rows, subject)

    assert {name: erased[name] for name in counted} == dict(counted)
    assert counted["messages"] == 5 * 2 + 2 + 1 + 1
    assert (counted["calls"], counted["recordings"], counted["users"]) == (1, 1, 3)
    assert (counted["tool_calls"], counted["call_backs"]) == (1, 1)


async def test_a_link_with_another_identity_is_erased_whole_and_no_other(
    database: Database, user_rows: PostgresUserRows
) -> None:
    await live(database, USER)
    links = PostgresPersonLinks(database)
    chat, phone = ConversationKey(channel="whatsapp", user_id=USER), ConversationKey(channel="voice", user_id="91777")
    await links.link([chat, phone], noted_by="asha")
    others = await links.link([ConversationKey(channel=name, user_id="91888") for name in "ab"], noted_by="asha")
    subject = await user_rows.find(USER, channel=None)
    counted = await user_rows.count(subject)

    await erase(user_rows, subject)

    assert counted["person_links"] == 2
    assert await links.all(limit=10) == (others,)


async def test_a_user_is_found_by_every_identity(database: Database, user_rows: PostgresUserRows) -> None:
    await chat(database, USER, 1)

    for name in (USER, HER_ID):
        subject = await user_rows.find(name, channel=None)
        assert subject.identities == (USER, HER_ID)


async def test_other_channels_are_left_where_one_is_named(database: Database, user_rows: PostgresUserRows) -> None:
    await live(database, USER)

    await erase(user_rows, await user_rows.find(USER, channel="twilio-whatsapp"))

    left = await write(
        database, lambda connection: connection.execute(select(schema.users.c.channel).distinct()).scalars().all()
    )
    assert sorted(left) == ["voice", "whatsapp"]
    remaining = await user_rows.count(await user_rows.find(USER, channel=None))
    assert (remaining["calls"], remaining["messages"]) == (1, 5 * 2 + 1 + 1)


async def test_events_that_hold_a_longer_number_are_somebody_elses(
    database: Database, user_rows: PostgresUserRows
) -> None:
    history = PostgresHistoryStore(database)
    for number, named in enumerate((f"1{USER}", f"{USER}9", f"+{USER}", f"tel:{USER};x")):
        await history.record_notice(a_notice(notice_id=f"notice-{number}", payload={"to": named}))

    _, found = await user_rows.events(Subject(identities=(USER,)), after=0, limit=100, is_dry_run=True)

    assert found == Counter(message_events=2)


async def test_letters_that_mean_something_in_a_pattern_are_only_letters(
    database: Database, user_rows: PostgresUserRows
) -> None:
    odd = "IN.a*b(c[d\\e"
    await PostgresHistoryStore(database).record_notice(a_notice(payload={"to": odd}))
    await PostgresHistoryStore(database).record_notice(a_notice(notice_id="2", payload={"to": "IN-abcde"}))

    _, found = await user_rows.events(Subject(identities=("IN.abc", odd)), after=0, limit=100, is_dry_run=True)

    assert found["message_events"] <= 1


async def test_a_user_with_a_live_call_is_busy_and_one_with_a_dead_ones_is_not(
    database: Database, user_rows: PostgresUserRows
) -> None:
    await call(database, USER, is_over=False)
    subject = await user_rows.find(USER, channel=None)
    while_live = await user_rows.busy(subject)

    long_ago = update(schema.calls).values(started_at=NOW - timedelta(hours=2))
    await write(database, lambda connection: connection.execute(long_ago))

    assert (while_live, await user_rows.busy(subject)) == ("call", None)


async def test_a_user_whose_message_is_being_answered_is_busy(database: Database, user_rows: PostgresUserRows) -> None:
    history = PostgresHistoryStore(database)
    claim = await history.claim(a_message(user_id=USER), lease_seconds=30)
    assert claim is not None
    subject = await user_rows.find(USER, channel=None)
    while_claimed = await user_rows.busy(subject)

    await history.release(claim)

    assert (while_claimed, await user_rows.busy(subject)) == ("message", None)


async def test_the_last_step_waits_until_there_are_no_messages(database: Database, user_rows: PostgresUserRows) -> None:
    await chat(database, USER, 1)

    assert await user_rows.erase_rest(await user_rows.find(USER, channel=None)) is None

    assert (await user_rows.count(await user_rows.find(USER, channel=None)))["users"] == 1


async def test_calls_and_files_come_page_by_page(database: Database, user_rows: PostgresUserRows) -> None:
    await live(database, USER)
    subject = await user_rows.find(USER, channel=None)

    first = await user_rows.files(subject, after=None, limit=4)
    second = await user_rows.files(subject, after=first[-1], limit=4)
    (only,) = await user_rows.calls(subject, after=None, limit=4)

    assert (len(first), len(second)) == (4, 2)
    assert len({trace.message_id for trace in (*first, *second)}) == 6
    assert only.folder == f"recordings/{NOW:%Y/%m/%d}/CA{USER}/"
    assert await user_rows.calls(subject, after=only, limit=4) == []


async def test_a_conversation_says_whose_it_is(database: Database, user_rows: PostgresUserRows) -> None:
    await chat(database, USER, 1)
    conversation = await PostgresHistoryStore(database).load_conversation(
        ConversationKey(channel="whatsapp", user_id=USER)
    )
    assert conversation is not None

    assert await user_rows.find_by_conversation(conversation.id) == conversation.key
    assert await user_rows.find_by_conversation("no-id") is None


async def test_the_record_shows_whether_an_erasure_came_to_its_end(
    database: Database, user_rows: PostgresUserRows
) -> None:
    unfinished = await user_rows.begin("hash-1", channel=None, requested_by="asha")
    finished = await user_rows.begin("hash-2", channel="voice", requested_by="asha")

    await user_rows.finish(finished, {"rows": {"messages": 3}})

    kept = await write(database, lambda connection: connection.execute(select(schema.erasures)).mappings().all())
    found = {row["id"]: (row["finished_at"] is not None, row["counts"]) for row in kept}
    assert found == {unfinished: (False, {}), finished: (True, {"rows": {"messages": 3}})}
