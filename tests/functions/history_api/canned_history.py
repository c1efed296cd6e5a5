"""A history with prepared contents, which can also fail; for the tests of the API alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from shared import errors
from shared.domain.call import Call, TranscriptSegment
from shared.ports.history import ConversationSummary, HistoryFilter, Page, StoredMessage

Item = TypeVar("Item")
_NOBODY = "00000000-0000-0000-0000-000000000000"


@dataclass
class CannedHistory:
    """Implements `HistoryReader`; `asked` holds the filters it was asked with."""

    summaries: list[ConversationSummary] = field(default_factory=list)
    stored: list[StoredMessage] = field(default_factory=list)
    kept_calls: list[Call] = field(default_factory=list)
    segments: dict[str, tuple[TranscriptSegment, ...]] = field(default_factory=dict)
    asked: list[HistoryFilter] = field(default_factory=list)
    is_down: bool = False

    async def conversations(
        self, wanted: HistoryFilter, *, cursor: str | None, limit: int
    ) -> Page[ConversationSummary]:
        """See `HistoryReader.conversations`; the filter on words is only recorded."""
        self._answer_or_fail(wanted)
        found = [
            item
            for item in self.summaries
            if wanted.user_id in (None, item.user_id)
            and wanted.channel in (None, item.channel)
            and wanted.agent_id in (None, item.agent_id)
            and wanted.status in (None, item.status)
            and _is_within(item.last_message_at, wanted)
        ]
        return _cut(sorted(found, key=lambda item: item.last_message_at, reverse=True), cursor, limit)

    async def conversation(self, conversation_id: str) -> ConversationSummary:
        """See `HistoryReader.conversation`."""
        self._answer_or_fail()
        for item in self.summaries:
            if item.id == conversation_id:
                return item
        raise errors.NotFound("There is no such conversation.")

    async def messages(self, conversation_id: str, *, cursor: str | None, limit: int) -> Page[StoredMessage]:
        """See `HistoryReader.messages`."""
        await self.conversation(conversation_id)
        return _cut([item for item in self.stored if item.conversation_id == conversation_id], cursor, limit)

    async def calls(self, wanted: HistoryFilter, *, cursor: str | None, limit: int) -> Page[Call]:
        """See `HistoryReader.calls`."""
        self._answer_or_fail(wanted)
        found = [
            call
            for call in self.kept_calls
            if wanted.user_id in (None, call.caller_id) and _is_within(call.started_at, wanted)
        ]
        return _cut(sorted(found, key=lambda call: call.started_at, reverse=True), cursor, limit)

    async def call(self, call_sid: str) -> Call:
        """See `HistoryReader.call`."""
        self._answer_or_fail()
        for call in self.kept_calls:
            if call.call_sid == call_sid:
                return call
        raise errors.NotFound("There is no such call.")

    async def transcript(self, call_sid: str) -> tuple[TranscriptSegment, ...]:
        """See `HistoryReader.transcript`."""
        self._answer_or_fail()
        return self.segments.get(call_sid, ())

    def _answer_or_fail(self, wanted: HistoryFilter | None = None) -> None:
        if self.is_down:
            raise errors.StoreUnavailable("The database gave no answer.")
        if wanted is not None:
            self.asked.append(wanted)


def _is_within(at: datetime, wanted: HistoryFilter) -> bool:
    return (wanted.since is None or at >= wanted.since) and (wanted.until is None or at < wanted.until)


def _cut(found: Sequence[Item], cursor: str | None, limit: int) -> Page[Item]:
    start = int((cursor or "0").partition(".")[0])
    rest = start + limit
    return Page(items=tuple(found[start:rest]), next_cursor=f"{rest:016}.{_NOBODY}" if rest < len(found) else None)
