"""CallBacks in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.call import VOICE_CHANNEL
from shared.domain.call_back import PENDING, CallBack, CallBackState, WhoRings
from shared.domain.conversation import ConversationKey, Speaker
from shared.domain.message import MessageKind
from shared.errors import InvalidRequest, NotFound, VersionConflict
from shared.ports.history import Page
from tests.fakes.memory_rows import MemoryRows, MessageRow


@dataclass(slots=True)
class _Row:
    kept: CallBack
    updated_at: datetime


class FakeCallBacks:
    """Implements `CallBacks` over rows that it shares with the history; cursors say how many were seen."""

    def __init__(self, rows: MemoryRows) -> None:
        self.rows = rows
        self._kept: dict[str, _Row] = {}

    @property
    def kept(self) -> list[CallBack]:
        """All of them as they are now, in the order in which they were promised."""
        return [row.kept for row in self._kept.values()]

    async def promise(self, call_back: CallBack) -> CallBack:
        return self._kept.setdefault(call_back.id, _Row(call_back, self.rows.clock())).kept

    async def pending(self, phone_number: str, *, besides: str) -> int:
        theirs = (kept for kept in self.kept if kept.phone_number == phone_number and kept.id != besides)
        waiting = (kept for kept in theirs if kept.state in PENDING)
        return sum(kept.wanted is WhoRings.AGENT for kept in waiting)

    async def promised_in(self, call_back: CallBack) -> ConversationKey:
        conversation = self.rows.conversations.get(call_back.conversation_id)
        if conversation is None:
            raise NotFound("There is no such conversation.")
        return conversation.key

    async def set_to_next(self, *, retry_seconds: int) -> CallBack | None:
        due = [row for row in self._kept.values() if self._is_due(row, timedelta(seconds=retry_seconds))]
        if not due:
            return None
        row = min(due, key=lambda row: (row.kept.due_at, row.kept.id))
        row.kept = replace(row.kept, state=CallBackState.RINGING, attempts=row.kept.attempts + 1)
        row.updated_at = self.rows.clock()
        return row.kept

    async def note_about(self, call_back: CallBack, note: str) -> ConversationKey:
        key = ConversationKey(channel=VOICE_CHANNEL, user_id=call_back.phone_number)
        now = self.rows.clock()
        conversation = self.rows.find_or_open(key, now)
        note_id = f"note-{call_back.id}"
        if all(row.id != note_id for row in self.rows.messages):
            self.rows.add(
                MessageRow(
                    id=note_id,
                    conversation_id=conversation.id,
                    key=key,
                    speaker=Speaker.SYSTEM,
                    kind=MessageKind.TEXT,
                    text=note,
                    at=now,
                )
            )
        return key

    async def note_call(self, call_back: CallBack, call_sid: str) -> bool:
        row = self._in_hand(call_back)
        if row is not None:
            row.kept, row.updated_at = replace(row.kept, call_sid=call_sid), self.rows.clock()
        return row is not None

    async def settle(self, call_back: CallBack, state: CallBackState) -> bool:
        row = self._in_hand(call_back)
        if row is not None:
            row.kept = replace(row.kept, state=state)
        return row is not None

    async def strike(self, call_back_id: str, state: CallBackState) -> CallBack:
        row = self._kept.get(call_back_id)
        if row is None:
            raise NotFound("There is no such call back.")
        if row.kept.state is not state and row.kept.state not in PENDING:
            raise VersionConflict(f"The call back is {row.kept.state} already.")
        row.kept = replace(row.kept, state=state)
        return row.kept

    async def page(
        self, *, state: CallBackState | None, wanted: WhoRings | None, cursor: str | None, limit: int
    ) -> Page[CallBack]:
        if cursor is not None and not cursor.partition(".")[0].isdecimal():
            raise InvalidRequest("The cursor is not one of ours.")
        found = sorted(self.kept, key=lambda kept: (kept.due_at, kept.id), reverse=True)
        found = [kept for kept in found if state in (None, kept.state) and wanted in (None, kept.wanted)]
        first = int((cursor or "0").partition(".")[0])
        last = first + limit
        return Page(
            items=tuple(found[first:last]),
            next_cursor=f"{last:016}.00000000-0000-0000-0000-000000000000" if last < len(found) else None,
        )

    def _is_due(self, row: _Row, retry_after: timedelta) -> bool:
        if row.kept.wanted is not WhoRings.AGENT:
            return False
        if row.kept.state is CallBackState.RINGING:
            return row.updated_at <= self.rows.clock() - retry_after
        return row.kept.state is CallBackState.DUE and row.kept.due_at <= self.rows.clock()

    def _in_hand(self, call_back: CallBack) -> _Row | None:
        row = self._kept.get(call_back.id)
        is_theirs = row is not None and row.kept.attempts == call_back.attempts
        return row if row is not None and is_theirs and row.kept.state is CallBackState.RINGING else None
