"""HistoryReader in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from shared.domain.call import VOICE_CHANNEL, Call, TranscriptSegment
from shared.domain.conversation import Speaker
from shared.domain.message import DeliveryStatus, Unanswered
from shared.errors import InvalidRequest, NotFound
from shared.ports.history import PAGE_LIMIT, ConversationSummary, HistoryFilter, Page, StoredMessage, StoredPart
from tests.fakes.identities import FakeIdentityStore
from tests.fakes.memory_outcomes import outcomes, reports
from tests.fakes.memory_rows import ConversationRow, MemoryRows, MessageRow

Item = TypeVar("Item")


class MemoryHistoryReader:
    """Implements `HistoryReader`; cursors say how many items were seen."""

    def __init__(self, rows: MemoryRows, identities: FakeIdentityStore | None = None) -> None:
        self.rows = rows
        self.identities = identities or FakeIdentityStore()

    async def conversations(
        self, wanted: HistoryFilter, *, cursor: str | None, limit: int
    ) -> Page[ConversationSummary]:
        found = [row for row in self.rows.conversations.values() if self._is_wanted(row, wanted)]
        found.sort(key=lambda row: (row.last_message_at, row.id), reverse=True)
        return _page(found, cursor, limit, self._summary)

    async def conversation(self, conversation_id: str) -> ConversationSummary:
        row = self.rows.conversations.get(conversation_id)
        if row is None:
            raise NotFound("There is no such conversation.")
        return self._summary(row)

    async def messages(self, conversation_id: str, *, cursor: str | None, limit: int) -> Page[StoredMessage]:
        await self.conversation(conversation_id)
        return _page(self.rows.turns(conversation_id), cursor, limit, self._stored_message)

    async def calls(self, wanted: HistoryFilter, *, cursor: str | None, limit: int) -> Page[Call]:
        found = [call for call in self.rows.calls.values() if self._is_wanted_call(call, wanted)]
        found.sort(key=lambda call: (call.started_at, call.call_sid), reverse=True)
        return _page(found, cursor, limit, lambda call: call)

    async def call(self, call_sid: str) -> Call:
        if call_sid not in self.rows.calls:
            raise NotFound("There is no such call.")
        return self.rows.calls[call_sid]

    async def transcript(self, call_sid: str) -> tuple[TranscriptSegment, ...]:
        said = [row for row in self.rows.messages if row.call_sid == call_sid and row.text]
        segments = [_segment(row, row.start_ms) for row in said if row.start_ms is not None]
        return tuple(sorted(segments, key=lambda segment: segment.start_ms))

    def _stored_message(self, row: MessageRow) -> StoredMessage:
        parts = tuple(StoredPart.of(outcome) for outcome in outcomes(self.rows, row)) if row.delivery_id else ()
        only = parts[0] if len(parts) == 1 else None
        return StoredMessage(
            id=row.id,
            conversation_id=row.conversation_id,
            speaker=row.speaker,
            kind=row.kind,
            text=row.text,
            at=row.at,
            agent_id=row.agent_id,
            route_reason=None if row.route is None else row.route.reason,
            route_detail=None if row.route is None else row.route.detail,
            interrupted=row.interrupted,
            provider_message_id=row.provider_message_id,
            reply_to=row.reply_to,
            answers_id=row.answers_id,
            joined_to=row.joined_to,
            unanswered_because=row.unanswered,
            statuses=reports(self.rows, row),
            parts=parts if only is None else (),
            pricing=None if only is None else only.pricing,
            pricing_conversation=None if only is None else only.pricing_conversation,
            delivery_status=row.delivery_status,
            stages_ms=row.stages_ms,
            usage=row.usage,
            citations=row.citations,
            call_sid=row.call_sid,
            start_ms=row.start_ms,
            end_ms=row.end_ms,
            attributes=row.attributes,
            trace_id=row.trace_id,
        )

    def _is_wanted(self, row: ConversationRow, wanted: HistoryFilter) -> bool:
        pairs = (
            (wanted.channel, row.key.channel),
            (wanted.agent_id, row.agent_id),
            (wanted.status, row.status),
            (wanted.needs_attention, _needs_attention(self.rows.turns(row.id))),
        )
        is_alike = all(expected is None or expected == actual for expected, actual in pairs)
        is_alike = is_alike and self._is_user(wanted.user_id, row.key.user_id)
        said = (message.text for message in self.rows.messages if message.conversation_id == row.id)
        return is_alike and _is_within(wanted, row.last_message_at) and _says(wanted.text, said)

    def _is_wanted_call(self, call: Call, wanted: HistoryFilter) -> bool:
        pairs = (
            (wanted.channel, VOICE_CHANNEL),
            (wanted.agent_id, self.rows.call_agents.get(call.call_sid)),
            (wanted.status, self.rows.conversations[call.conversation_id].status),
        )
        is_alike = all(expected is None or expected == actual for expected, actual in pairs)
        is_alike = is_alike and self._is_user(wanted.user_id, call.caller_id)
        is_alike = is_alike and (not wanted.call_states or call.state in wanted.call_states)
        said = (message.text for message in self.rows.messages if message.call_sid == call.call_sid)
        return is_alike and _is_within(wanted, call.started_at) and _says(wanted.text, said)

    def _is_user(self, wanted: str | None, user_id: str) -> bool:
        return wanted is None or user_id in self.identities.same_as(wanted)

    def _summary(self, row: ConversationRow) -> ConversationSummary:
        return ConversationSummary(
            id=row.id,
            channel=row.key.channel,
            user_id=row.key.user_id,
            user_name=self.rows.user_names.get(row.key),
            status=row.status,
            agent_id=row.agent_id,
            started_at=row.started_at,
            last_message_at=row.last_message_at,
            message_count=len(self.rows.turns(row.id)),
            needs_attention=_needs_attention(self.rows.turns(row.id)),
            opted_out=row.key in self.rows.opted_out,
        )


def _needs_attention(turns: Sequence[MessageRow]) -> bool:
    for turn in reversed(turns):
        if turn.unanswered is Unanswered.STALE:
            return True
        if turn.state is None and turn.speaker is not Speaker.SYSTEM:
            return turn.delivery_status is DeliveryStatus.FAILED or "parts_missing" in turn.attributes
    return False


def _is_within(wanted: HistoryFilter, time: datetime) -> bool:
    return (wanted.since is None or time >= wanted.since) and (wanted.until is None or time < wanted.until)


def _says(wanted: str | None, texts: Iterable[str]) -> bool:
    return wanted is None or any(_words(wanted) <= _words(text) for text in texts)


def _words(text: str) -> set[str]:
    return {word.strip(".,;:!?") for word in text.casefold().split()}


def _page(rows: Sequence[object], cursor: str | None, limit: int, read: Callable[..., Item]) -> Page[Item]:
    if cursor is not None and not cursor.isdecimal():
        raise InvalidRequest("The cursor is not one of ours.")
    start = int(cursor or 0)
    end = start + max(1, min(limit, PAGE_LIMIT))
    return Page(items=tuple(read(row) for row in rows[start:end]), next_cursor=str(end) if end < len(rows) else None)


def _segment(row: MessageRow, start_ms: int) -> TranscriptSegment:
    return TranscriptSegment(
        speaker=row.speaker,
        text=row.text,
        start_ms=start_ms,
        end_ms=start_ms if row.end_ms is None else row.end_ms,
        agent_id=row.agent_id,
        interrupted=row.interrupted,
    )
