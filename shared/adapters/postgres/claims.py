"""The right to answer a message: taken once, kept by a lease, guarded by a fence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Interval, Row, bindparam, case, func, insert, select, true, update

from shared import tracing
from shared.adapters.postgres import conversations as conversation_rows
from shared.adapters.postgres.call_place import put_call_place, take_call_place
from shared.adapters.postgres.deliveries import load_held_reply
from shared.adapters.postgres.identifiers import new_id
from shared.adapters.postgres.media import expect_media
from shared.adapters.postgres.schema import conversations, messages, users
from shared.domain.conversation import ConversationStatus
from shared.domain.message import InboundMessage, MessageKind, Unanswered, speaker_of
from shared.domain.spoken.voice_requests import ReplyForm
from shared.domain.wishes import UserWishes
from shared.errors import AlreadyClaimed, LeaseLost, NotTogether
from shared.ports.stores import Claim

_IS_LEASED = (messages.c.state == "processing") & (messages.c.lease_until > func.clock_timestamp())
_FOUND = (
    select(
        messages.c.id,
        messages.c.conversation_id,
        messages.c.state,
        _IS_LEASED.label("is_leased"),
        (messages.c.lease_until - func.clock_timestamp()).label("lease_left"),
        conversations.c.status,
    )
    .join(conversations, conversations.c.id == messages.c.conversation_id)
    .where(
        messages.c.channel == bindparam("channel"),
        messages.c.provider_message_id == bindparam("provider_message_id"),
        messages.c.direction == "inbound",
    )
    .with_for_update(of=messages)
    .cte("found")
)
# Always one row: the user's, which the transaction has locked, beside the message if it is known. So what the user
# wants costs no trip of its own.
_FIND = (
    select(users.c.opted_out_at, users.c.reply_by, func.clock_timestamp().label("now"), _FOUND)
    .select_from(users.outerjoin(_FOUND, true()))
    .where(users.c.channel == bindparam("channel"), users.c.user_id == bindparam("user_id"))
)
# Not now(): that is when the transaction began, perhaps long before it got hold of the user's row.
_LEASE_END = func.clock_timestamp() + bindparam("lease", type_=Interval)
_STORE_CLAIMED = (
    insert(messages)
    .values(direction="inbound", state="processing", lease_until=_LEASE_END)
    .execution_options(is_awaited=False)
)
_STORE_JOINED = (
    insert(messages)
    .values(direction="inbound", state="done", unanswered_because=Unanswered.JOINED)
    .execution_options(is_awaited=False)
)
_JOINED = select(messages.c.text).where(messages.c.joined_to == bindparam("message_id")).order_by(messages.c.arrival)
_CLAIMED = (
    select(messages, conversations.c.status.label("conversation_status"))
    .join(conversations, conversations.c.id == messages.c.conversation_id)
    .where(
        messages.c.id == bindparam("message_id"),
        messages.c.fence == bindparam("fence"),
        messages.c.state == "processing",
    )
    .with_for_update(of=messages)
)
_FINISH = (
    update(messages)
    .where(messages.c.id == bindparam("message_id"))
    .values(state="done", lease_until=None, unanswered_because=bindparam("unanswered"))
    .execution_options(is_awaited=False)
)


def claim_message(
    connection: Connection,
    message: InboundMessage,
    *,
    lease_seconds: int,
    gap: timedelta,
    earlier: Sequence[InboundMessage] = (),
) -> Claim | None:
    """Store the message and the earlier ones if they are new and take its lease; None when it is done.

    Two transactions that try at once meet at the user's row, so the second one sees what the first one did.
    """
    conversation_rows.lock_user(connection, message.key, message.user_name)
    found = _find(connection, message)
    wishes = UserWishes(
        has_opted_out=found.opted_out_at is not None,
        wants_voice=found.reply_by == ReplyForm.VOICE,
        wants_text=found.reply_by == ReplyForm.TEXT,
    )
    if earlier:
        _require_together(connection, earlier, found.id)
    if found.id is None:
        claim = _store_claimed(connection, message, wishes, lease_seconds, gap, earlier)
        return replace(claim, claimed_at=found.now)
    if found.state == "done":
        return None
    if found.is_leased:
        # One second more: by then it certainly has run out.
        left_seconds = math.floor(found.lease_left.total_seconds()) + 1
        raise AlreadyClaimed("The message is being answered.", retry_after_seconds=left_seconds)
    fence = connection.execute(
        update(messages)
        .where(messages.c.id == found.id)
        .values(state="processing", fence=messages.c.fence + 1, lease_until=_from_now(lease_seconds))
        .returning(messages.c.fence)
    ).scalar_one()
    return Claim(
        message_id=found.id,
        conversation_id=found.conversation_id,
        conversation_status=ConversationStatus(found.status),
        fence=fence,
        held_reply=load_held_reply(connection, found.id),
        wishes=wishes,
        joined=tuple(connection.execute(_JOINED, {"message_id": found.id}).scalars()),
        claimed_at=found.now,
    )


def take_over(connection: Connection, call_sid: str) -> InboundMessage | None:
    """Free the call's last unfinished message for the next claim; what came before it counts as said."""
    unfinished = connection.execute(
        select(messages)
        .where(messages.c.call_sid == call_sid, messages.c.direction == "inbound", messages.c.state != "done")
        .order_by(messages.c.arrival)
        .with_for_update()
    ).all()
    if not unfinished:
        return None
    last = unfinished[-1]
    connection.execute(
        update(messages)
        .where(messages.c.id.in_([row.id for row in unfinished]))
        .values(
            state=case((messages.c.id == last.id, "received"), else_="done"),
            fence=messages.c.fence + 1,
            lease_until=None,
        )
    )
    return _read_message(last)


def require_lease(connection: Connection, claim: Claim) -> Row[Any]:
    """Lock the claimed message and return it, with the status of its conversation, unless somebody took it after us.

    A lease that ran out unnoticed is still good: what counts is that nobody else took the message.

    Raises:
        LeaseLost: somebody did, or the message is done.
    """
    row = connection.execute(_CLAIMED, {"message_id": claim.message_id, "fence": claim.fence}).one_or_none()
    if row is None:
        raise LeaseLost("Another worker has the message now.")
    return row


def renew_lease(connection: Connection, claim: Claim, lease_seconds: int) -> None:
    """Let the lease run for so many seconds from now."""
    require_lease(connection, claim)
    connection.execute(
        update(messages).where(messages.c.id == claim.message_id).values(lease_until=_from_now(lease_seconds))
    )


def release_lease(connection: Connection, claim: Claim) -> None:
    """End the lease now, if it is still ours."""
    connection.execute(
        update(messages)
        .where(messages.c.id == claim.message_id, messages.c.fence == claim.fence, messages.c.state == "processing")
        .values(state="received", lease_until=None)
    )


def finish(connection: Connection, claim: Claim, unanswered: Unanswered | None) -> None:
    """Mark the message as dealt with, for ever."""
    connection.execute(_FINISH, {"message_id": claim.message_id, "unanswered": unanswered})


def _read_message(row: Row[Any]) -> InboundMessage:
    return InboundMessage(
        channel=row.channel,
        user_id=row.user_id,
        provider_message_id=row.provider_message_id,
        kind=MessageKind(row.kind),
        text=row.text,
        business_id=row.business_id or "",
        sent_at=row.sent_at,
        received_at=row.stored_at,
        reply_to=row.reply_to,
        address=row.address or "",
        attributes=put_call_place(row.attributes, row),
    )


def _find(connection: Connection, message: InboundMessage) -> Row[Any]:
    wanted = {
        "channel": message.channel,
        "provider_message_id": message.provider_message_id,
        "user_id": message.user_id,
    }
    return connection.execute(_FIND, wanted).one()


def _require_together(connection: Connection, earlier: Sequence[InboundMessage], last_id: str | None) -> None:
    known = connection.execute(
        select(messages.c.joined_to).where(
            messages.c.channel == earlier[0].channel,
            messages.c.provider_message_id.in_([message.provider_message_id for message in earlier]),
            messages.c.direction == "inbound",
        )
    ).scalars()
    joined_to = list(known)
    if joined_to != ([] if last_id is None else [last_id] * len(earlier)):
        raise NotTogether("Some of the messages are known already.")


def _store_claimed(
    connection: Connection,
    message: InboundMessage,
    wishes: UserWishes,
    lease_seconds: int,
    gap: timedelta,
    earlier: Sequence[InboundMessage],
) -> Claim:
    opening = [*earlier, message][0].sent_at
    found = conversation_rows.find_or_open(connection, message.key, at=opening, gap=gap)
    conversation_id = found.id
    # In the order of arrival; only then is there a message to join the earlier ones to.
    joined = [_values(part, new_id(), conversation_id) for part in earlier]
    for part, values in zip(earlier, joined, strict=True):
        connection.execute(_STORE_JOINED, values)
        expect_media(connection, values["id"], part.media)
        conversation_rows.note_message(connection, conversation_id, at=values["sent_at"])
    claim = Claim(
        message_id=new_id(),
        conversation_id=conversation_id,
        conversation_status=found.status,
        message_count=found.message_count,
        fence=1,
        wishes=wishes,
        joined=tuple(part.text for part in earlier),
    )
    lease = {"fence": claim.fence, "lease": timedelta(seconds=lease_seconds)}
    connection.execute(_STORE_CLAIMED, _values(message, claim.message_id, conversation_id) | lease)
    # With the message, so that no file is forgotten if this worker goes no further.
    expect_media(connection, claim.message_id, message.media)
    conversation_rows.note_message(connection, conversation_id, at=message.sent_at)
    if joined:
        ids = [values["id"] for values in joined]
        connection.execute(update(messages).where(messages.c.id.in_(ids)).values(joined_to=claim.message_id))
    return claim


def _values(message: InboundMessage, message_id: str, conversation_id: str) -> dict[str, Any]:
    attributes = dict(message.attributes)
    return {
        "id": message_id,
        "conversation_id": conversation_id,
        "channel": message.channel,
        "user_id": message.user_id,
        "business_id": message.business_id,
        "speaker": speaker_of(message.kind),
        "kind": message.kind,
        "text": message.text,
        "sent_at": message.sent_at,
        "provider_message_id": message.provider_message_id,
        "reply_to": message.reply_to,
        "address": message.address or None,
        **take_call_place(attributes),
        "attributes": attributes,
        "trace_id": tracing.trace_id() or None,
    }


def _from_now(seconds: int) -> ColumnElement[datetime]:
    return func.clock_timestamp() + timedelta(seconds=seconds)
