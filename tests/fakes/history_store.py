"""HistoryStore in memory."""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from shared.domain.conversation import CONTEXT_TURNS, Conversation, ConversationKey, ConversationStatus, Speaker, Turn
from shared.domain.hand_over import hand_over_turns
from shared.domain.json_value import JSON
from shared.domain.message import (
    ChannelNotice,
    Delivery,
    DeliveryStatus,
    InboundMessage,
    MessageKind,
    ReplyPart,
    StatusUpdate,
    Unanswered,
    speaker_of,
)
from shared.domain.reply import HeldReply, ReplyDraft
from shared.domain.wishes import UserWishes
from shared.errors import AlreadyClaimed, LeaseLost, NotFound, NotTogether, TakenOver
from shared.ports.stores import Claim, RecordedStatus
from tests.fakes.memory_outcomes import bring_up_to_date, is_about
from tests.fakes.memory_rows import MemoryRows, MessageRow


class FakeHistoryStore:
    """Implements `HistoryStore` over rows that tests may look at."""

    def __init__(self, rows: MemoryRows) -> None:
        self.rows = rows

    async def claim(
        self, message: InboundMessage, *, lease_seconds: int, earlier: Sequence[InboundMessage] = ()
    ) -> Claim | None:
        if message.user_name is not None:
            self.rows.user_names[message.key] = message.user_name
        row = self._inbound(message)
        if earlier:
            self._require_together(earlier, row)
        known: int | None = None
        if row is None:
            joined = [self._store(part) for part in earlier]
            row = self._store(message)
            known = sum(other.conversation_id == row.conversation_id for other in self.rows.messages) - 1 - len(earlier)
            for part in joined:
                part.state, part.unanswered, part.joined_to = "done", Unanswered.JOINED, row.id
        if row.state == "done":
            return None
        now = self.rows.clock()
        if row.state == "processing" and row.lease_until is not None and row.lease_until > now:
            left = math.floor((row.lease_until - now).total_seconds()) + 1
            raise AlreadyClaimed("The message is being answered.", retry_after_seconds=left)
        row.state = "processing"
        row.fence += 1
        row.lease_until = self.rows.clock() + timedelta(seconds=lease_seconds)
        return Claim(
            message_id=row.id,
            conversation_id=row.conversation_id,
            conversation_status=self.rows.conversations[row.conversation_id].status,
            fence=row.fence,
            held_reply=self.rows.held_replies.get(row.id),
            wishes=UserWishes(
                has_opted_out=message.key in self.rows.opted_out,
                wants_voice=self.rows.reply_forms.get(message.key) == "voice",
                wants_text=self.rows.reply_forms.get(message.key) == "text",
            ),
            joined=tuple(part.text for part in self.rows.messages if part.joined_to == row.id),
            message_count=known,
            claimed_at=now,
        )

    async def renew(self, claim: Claim, *, lease_seconds: int) -> None:
        self._claimed(claim).lease_until = self.rows.clock() + timedelta(seconds=lease_seconds)

    async def release(self, claim: Claim) -> None:
        row = self._row(claim.message_id)
        if row.state == "processing" and row.fence == claim.fence:
            row.state, row.lease_until = "received", None

    async def hold_reply(
        self, claim: Claim, draft: ReplyDraft, *, delivery_id: str, parts: tuple[str, ...] = ()
    ) -> HeldReply:
        self._claimed(claim)
        held = HeldReply(
            delivery_id=delivery_id,
            draft=draft,
            status=DeliveryStatus.PENDING,
            parts=tuple(ReplyPart(position=place, text=text) for place, text in enumerate(parts or [draft.text], 1)),
        )
        return self.rows.held_replies.setdefault(claim.message_id, held)

    async def mark_sending(
        self,
        claim: Claim,
        delivery_id: str,
        *,
        position: int = 1,
        sent: ReplyPart | None = None,
        despite_takeover: bool = False,
    ) -> None:
        inbound = self._claimed(claim)
        status = self.rows.conversations[inbound.conversation_id].status
        if status is ConversationStatus.HUMAN and not despite_takeover:
            raise TakenOver("A person has the conversation now.")
        held = self.rows.held_replies.get(claim.message_id)
        if held is None or held.delivery_id != delivery_id:
            return
        parts = {part.position: part for part in held.parts} | ({sent.position: sent} if sent is not None else {})
        parts[position] = replace(parts[position], status=DeliveryStatus.SENDING)
        self.rows.held_replies[claim.message_id] = replace(
            held, status=DeliveryStatus.SENDING, parts=tuple(parts[place] for place in sorted(parts))
        )

    async def complete(
        self,
        claim: Claim,
        draft: ReplyDraft | None,
        delivery: Delivery | None,
        *,
        unanswered: Unanswered | None = None,
    ) -> str | None:
        inbound = self._claimed(claim)
        reply = None
        if delivery is not None:
            reply = self._reply(inbound, draft, delivery)
            self.rows.add(reply)
            bring_up_to_date(self.rows, reply)
        inbound.state, inbound.lease_until, inbound.unanswered = "done", None, unanswered
        return None if reply is None else reply.id

    async def take_over(self, call_sid: str) -> InboundMessage | None:
        unfinished = [row for row in self.rows.messages if row.call_sid == call_sid and row.state not in (None, "done")]
        for row in unfinished:
            row.state, row.fence, row.lease_until = "done", row.fence + 1, None
        if not unfinished:
            return None
        last = unfinished[-1]
        last.state = "received"
        place = {"call_sid": last.call_sid, "start_ms": last.start_ms, "end_ms": last.end_ms}
        return InboundMessage(
            channel=last.key.channel,
            user_id=last.key.user_id,
            provider_message_id=last.provider_message_id or "",
            kind=last.kind,
            text=last.text,
            business_id=last.business_id,
            sent_at=last.at,
            received_at=last.at,
            attributes={**last.attributes, **{name: value for name, value in place.items() if value is not None}},
        )

    async def load_conversation(self, key: ConversationKey) -> Conversation | None:
        row = self.rows.latest_conversation(key)
        if row is None or row.status is ConversationStatus.CLOSED:
            return None
        if self.rows.clock() - row.last_activity_at >= self.rows.gap:
            return None
        unfinished = [message.id for message in self.rows.unfinished(row.id)]
        own = self.rows.turns(row.id)
        summarised = {message.id for message in self.rows.messages[: row.summarised_until]}
        left_out = {*unfinished, *summarised}
        said = [message for message in own if is_past(message) and message.id not in left_out]
        turns = tuple(turn for message in said for turn in turns_of(message))
        return Conversation(
            id=row.id,
            key=key,
            status=row.status,
            turns=turns[-CONTEXT_TURNS:],
            summary=row.summary,
            message_count=len(own) - len(unfinished),
        )

    async def set_status(self, conversation_id: str, status: ConversationStatus, *, note: str) -> None:
        row = self.rows.conversations.get(conversation_id)
        if row is None:
            raise NotFound("There is no such conversation.")
        row.status = status
        self.rows.add(
            MessageRow(
                id=str(uuid.uuid4()),
                conversation_id=conversation_id,
                key=row.key,
                speaker=Speaker.SYSTEM,
                kind=MessageKind.TEXT,
                text=note,
                at=self.rows.clock(),
            )
        )

    async def sent_under(self, delivery_id: str) -> str | None:
        named = (item for item in self.rows.statuses if item.correlation_id == delivery_id)
        return next((item.provider_message_id for item in named), None)

    async def record_status(self, update: StatusUpdate) -> RecordedStatus | None:
        if not any(_is_same_status(update, kept) for kept in self.rows.statuses):
            self.rows.statuses.append(update)
        message = next((row for row in self.rows.messages if is_about(row, update)), None)
        if message is None:
            return None
        status = bring_up_to_date(self.rows, message)
        code = message.attributes.get("error_code") if status is DeliveryStatus.FAILED else None
        return RecordedStatus(
            message_id=message.id,
            conversation_id=message.conversation_id,
            key=message.key,
            status=status,
            error_code=code if isinstance(code, str) else None,
        )

    async def record_notice(self, notice: ChannelNotice) -> None:
        if not any(_is_same_notice(notice, kept) for kept in self.rows.notices):
            self.rows.notices.append(notice)

    def _require_together(self, earlier: Sequence[InboundMessage], last: MessageRow | None) -> None:
        known = [row.joined_to for row in map(self._inbound, earlier) if row is not None]
        if known != ([] if last is None else [last.id] * len(earlier)):
            raise NotTogether("Some of the messages are known already.")

    def _inbound(self, message: InboundMessage) -> MessageRow | None:
        for row in self.rows.messages:
            is_same = row.provider_message_id == message.provider_message_id
            if row.state is not None and is_same and row.key.channel == message.channel:
                return row
        return None

    def _store(self, message: InboundMessage) -> MessageRow:
        attributes = dict(message.attributes)
        row = MessageRow(
            id=str(uuid.uuid4()),
            conversation_id=self.rows.find_or_open(message.key, message.sent_at).id,
            key=message.key,
            speaker=speaker_of(message.kind),
            kind=message.kind,
            text=message.text,
            at=message.sent_at,
            state="received",
            business_id=message.business_id,
            provider_message_id=message.provider_message_id,
            reply_to=message.reply_to,
        )
        _place_in_call(row, attributes)
        self.rows.add(row)
        return row

    def _reply(self, inbound: MessageRow, draft: ReplyDraft | None, delivery: Delivery) -> MessageRow:
        held = self.rows.held_replies.get(inbound.id)
        attempted = draft.text if draft is not None and delivery.status is DeliveryStatus.FAILED else ""
        row = MessageRow(
            id=str(uuid.uuid4()),
            conversation_id=inbound.conversation_id,
            key=inbound.key,
            speaker=Speaker.AGENT,
            kind=MessageKind.SPEECH if "call_sid" in delivery.attributes else MessageKind.TEXT,
            text=delivery.text or attempted,
            at=max(self.rows.clock(), inbound.at),
            agent_id=None if draft is None else draft.agent_id,
            route=None if draft is None else draft.route,
            interrupted=delivery.interrupted,
            provider_message_id=next(iter(delivery.provider_message_ids), None),
            provider_message_ids=delivery.provider_message_ids,
            delivery_id=None if held is None else held.delivery_id,
            delivery_status=delivery.status,
            parts=delivery.as_parts,
            answers_id=inbound.id,
            stages_ms={**({} if draft is None else draft.stages_ms), **delivery.stages_ms},
            usage=None if draft is None else draft.usage,
            citations=() if draft is None else draft.citations,
        )
        _place_in_call(row, dict(delivery.attributes))
        return row

    def _claimed(self, claim: Claim) -> MessageRow:
        row = self._row(claim.message_id)
        if row.state != "processing" or row.fence != claim.fence:
            raise LeaseLost("Another worker has the message now.")
        return row

    def _row(self, message_id: str) -> MessageRow:
        return next(row for row in self.rows.messages if row.id == message_id)


def _place_in_call(row: MessageRow, attributes: dict[str, JSON]) -> None:
    call_sid, start_ms, end_ms = (attributes.pop(name, None) for name in ("call_sid", "start_ms", "end_ms"))
    row.call_sid = call_sid if isinstance(call_sid, str) else None
    row.start_ms = start_ms if isinstance(start_ms, int) else None
    row.end_ms = end_ms if isinstance(end_ms, int) else None
    row.attributes = attributes


def is_past(message: MessageRow) -> bool:
    is_settled = message.state in (None, "done")
    return is_settled and message.delivery_status is not DeliveryStatus.FAILED


def turns_of(message: MessageRow) -> list[Turn]:
    """The turn, after notes of how agents passed it among each other."""
    reason, detail = (None, None) if message.route is None else (message.route.reason, message.route.detail)
    turns = hand_over_turns(reason, detail, message.agent_id, at=message.at)
    if not message.text:
        return turns
    said = Turn(
        speaker=message.speaker,
        text=message.text,
        at=message.at,
        agent_id=message.agent_id,
        interrupted=message.interrupted,
    )
    return [*turns, said]


def _is_same_status(one: StatusUpdate, other: StatusUpdate) -> bool:
    is_same_word = (one.channel, one.provider_message_id, one.reported) == (
        other.channel,
        other.provider_message_id,
        other.reported,
    )
    return is_same_word and (one.occurred_at == other.occurred_at or not one.is_dated)


def _is_same_notice(one: ChannelNotice, other: ChannelNotice) -> bool:
    return (one.channel, one.kind, one.notice_id, one.topic) == (
        other.channel,
        other.kind,
        other.notice_id,
        other.topic,
    )
