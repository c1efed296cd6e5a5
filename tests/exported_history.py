"""A past for exports: turns and calls written into a real database as if they had happened when the test says."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, update

from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.schema import (
    calls,
    conversations,
    deliveries,
    delivery_parts,
    message_events,
    messages,
    provider_messages,
    tool_calls,
    users,
)

SECOND = timedelta(seconds=1)


def id_of(name: str) -> str:
    """The same id for the same name, so that two databases can hold the same history."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question, and what became of it."""

    name: str
    at: datetime
    user_id: str = "919845012345"
    channel: str = "whatsapp"
    text: str = "Is Dr Rao there on Saturday?"
    reply: str | None = "Yes, from 10 to 2."
    agent_id: str = "reception"
    total_ms: int = 1200
    cost_microusd: int = 150
    unanswered_because: str | None = None
    settled_after: timedelta = SECOND
    call_sid: str | None = None
    reports: tuple[tuple[str, timedelta], ...] = ()
    tools: tuple[str, ...] = ()
    route: tuple[str, str | None] = ("rule", "rule-7")
    conversation: str = field(default="")

    @property
    def question_id(self) -> str:
        """Of the row."""
        return id_of(f"{self.name}?")

    @property
    def reply_id(self) -> str:
        """Of the row."""
        return id_of(f"{self.name}!")

    @property
    def conversation_id(self) -> str:
        """Of the row."""
        return id_of(f"conversation of {self.conversation or self.channel + self.user_id}")


async def write_turns(database: Database, *turns: Asked) -> None:
    """Write the turns down."""

    def work(connection: Connection) -> None:
        for turn in turns:
            _write(connection, turn)

    await database.run(work)


async def write_call(
    database: Database, call_sid: str, *, at: datetime, user_id: str = "919845012345", is_over: bool = True
) -> None:
    """Write a call down that was over a minute after it began."""

    def work(connection: Connection) -> None:
        conversation_id = _conversation(connection, Asked(name=call_sid, at=at, user_id=user_id, channel="voice"))
        over = {"ended_at": at + timedelta(minutes=1), "end_reason": "caller_hung_up"} if is_over else {}
        connection.execute(
            insert(calls).values(
                call_sid=call_sid,
                conversation_id=conversation_id,
                caller_id=user_id,
                business_id="912240000001",
                direction="inbound",
                state="ended" if is_over else "live",
                started_at=at,
                answered_at=at + SECOND,
                settled_at=at + timedelta(seconds=61) if is_over else None,
                **over,
            )
        )

    await database.run(work)


def _conversation(connection: Connection, turn: Asked) -> str:
    from sqlalchemy.dialects.postgresql import insert as upsert

    key = {"channel": turn.channel, "user_id": turn.user_id}
    connection.execute(upsert(users).values(**key).on_conflict_do_nothing())
    connection.execute(
        upsert(conversations)
        .values(id=turn.conversation_id, status="open", started_at=turn.at, last_message_at=turn.at, **key)
        .on_conflict_do_nothing()
    )
    return turn.conversation_id


def _write(connection: Connection, turn: Asked) -> None:
    settled_at = turn.at + turn.settled_after
    common: dict[str, Any] = {
        "conversation_id": _conversation(connection, turn),
        "channel": turn.channel,
        "user_id": turn.user_id,
        "call_sid": turn.call_sid,
    }
    connection.execute(
        insert(messages).values(
            id=turn.question_id,
            direction="inbound",
            speaker="user",
            kind="text",
            text=turn.text,
            sent_at=turn.at,
            stored_at=turn.at,
            provider_message_id=f"wamid.{turn.name}",
            state="done",
            fence=1,
            unanswered_because=turn.unanswered_because,
            trace_id=uuid.uuid5(uuid.NAMESPACE_OID, turn.name).hex,
            **common,
        )
    )
    # The trigger noted the time of this test.
    connection.execute(update(messages).where(messages.c.id == turn.question_id).values(settled_at=settled_at))
    for position, tool in enumerate(turn.tools):
        connection.execute(
            insert(tool_calls).values(
                id=id_of(f"{turn.name} {tool} {position}"),
                conversation_id=turn.conversation_id,
                message_id=f"wamid.{turn.name}",
                agent_id=turn.agent_id,
                tool=tool,
                arguments={"phone": "919845012345"},
                outcome="done",
                answer="Booked for 919845012345",
                elapsed_ms=40,
                begun_at=turn.at + position * timedelta(milliseconds=10),
            )
        )
    if turn.reply is not None:
        _write_reply(connection, turn, common, settled_at)


def _write_reply(connection: Connection, turn: Asked, common: dict[str, Any], at: datetime) -> None:
    reason, detail = turn.route
    connection.execute(
        insert(messages).values(
            id=turn.reply_id,
            direction="outbound",
            speaker="agent",
            kind="text",
            text=turn.reply,
            sent_at=at,
            stored_at=at,
            provider_message_id=f"wamid.{turn.name}.reply",
            answers_id=turn.question_id,
            agent_id=turn.agent_id,
            route_reason=reason,
            route_detail=detail,
            delivery_status="sent",
            stages_ms={"context": 20, "reply": turn.total_ms - 120, "total": turn.total_ms},
            input_tokens=1800,
            output_tokens=60,
            model="amazon.nova-lite-v1:0",
            cost_microusd=turn.cost_microusd,
            citations=[{"passage_id": "p1", "title": "Opening hours", "document_id": None}],
            trace_id=uuid.uuid5(uuid.NAMESPACE_OID, turn.name).hex,
            **common,
        )
    )
    if turn.call_sid is not None:
        return
    delivery_id = f"d-{turn.name}"
    connection.execute(
        insert(deliveries).values(
            id=delivery_id,
            message_id=turn.question_id,
            reply_id=turn.reply_id,
            status="sent",
            text=turn.reply,
            agent_id=turn.agent_id,
            created_at=at,
            updated_at=at,
        )
    )
    connection.execute(
        insert(delivery_parts).values(
            delivery_id=delivery_id,
            position=1,
            text=turn.reply,
            status="sent",
            channel=turn.channel,
            provider_message_id=f"wamid.{turn.name}.reply",
            taken_at=at,
        )
    )
    place = {"channel": turn.channel, "provider_message_id": f"wamid.{turn.name}.reply"}
    connection.execute(insert(provider_messages).values(message_id=turn.reply_id, **place))
    for status, after in turn.reports:
        write_report(connection, turn, status, at=at + after)


def write_report(connection: Connection, turn: Asked, status: str, *, at: datetime) -> None:
    """Write down what the provider reported about the reply, at that moment."""
    connection.execute(
        insert(message_events).values(
            channel=turn.channel,
            kind="status",
            item_id=f"wamid.{turn.name}.reply",
            reported=status,
            status=status,
            occurred_at=at,
            recorded_at=at,
            error_code="131026" if status == "failed" else None,
        )
    )
