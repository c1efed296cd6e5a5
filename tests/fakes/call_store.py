"""CallStore in memory."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime

from shared import tracing
from shared.domain.call import VOICE_CHANNEL, Call, CallState, StreamTicket
from shared.domain.conversation import ConversationKey
from shared.domain.message import MessageKind
from shared.ports.stores import CallTurn
from tests.fakes.memory_rows import MemoryRows, MessageRow

_OVER = (CallState.ENDED, CallState.FAILED)


class FakeCallStore:
    """Implements `CallStore` over rows that tests may look at."""

    def __init__(self, rows: MemoryRows) -> None:
        self.rows = rows

    async def open(self, ticket: StreamTicket, *, started_at: datetime) -> Call:
        known = self.rows.calls.get(ticket.call_sid)
        if known is not None:
            if known.state in _OVER and ticket.resumes:
                known = replace(known, state=CallState.RINGING, ended_at=None, end_reason=None)
            return self._keep(known)
        key = ConversationKey(channel=VOICE_CHANNEL, user_id=ticket.caller_id)
        conversation = self.rows.find_or_open(key, started_at)
        conversation.last_message_at = max(conversation.last_message_at, started_at)
        conversation.last_activity_at = self.rows.clock()
        return self._keep(
            Call(
                call_sid=ticket.call_sid,
                conversation_id=conversation.id,
                caller_id=ticket.caller_id,
                business_id=ticket.business_id,
                direction=ticket.direction,
                state=CallState.RINGING,
                started_at=started_at,
                trace_id=tracing.trace_id() or None,
            )
        )

    async def answered(self, call_sid: str, *, at: datetime) -> None:
        call = self.rows.calls.get(call_sid)
        if call is not None and call.state not in _OVER:
            self._keep(replace(call, state=CallState.LIVE, answered_at=call.answered_at or at))

    async def add_turn(self, turn: CallTurn) -> None:
        places = {(row.call_sid, row.position) for row in self.rows.messages}
        if (turn.call_sid, turn.position) in places:
            return
        self.rows.add(
            MessageRow(
                id=str(uuid.uuid4()),
                conversation_id=turn.conversation_id,
                key=self.rows.conversations[turn.conversation_id].key,
                speaker=turn.speaker,
                kind=MessageKind.SPEECH,
                text=turn.text,
                at=turn.at,
                agent_id=turn.agent_id,
                interrupted=turn.interrupted,
                call_sid=turn.call_sid,
                position=turn.position,
                start_ms=turn.start_ms,
                end_ms=turn.end_ms,
            )
        )

    async def close(self, call_sid: str, *, ended_at: datetime, reason: str, has_failed: bool = False) -> Call | None:
        call = self.rows.calls.get(call_sid)
        if call is None or call.state in _OVER:
            return call
        state = CallState.FAILED if has_failed else CallState.ENDED
        return self._keep(replace(call, state=state, ended_at=ended_at, end_reason=reason))

    async def attach_recording(self, call_sid: str, *, key: str, duration_ms: int) -> None:
        call = self.rows.calls.get(call_sid)
        if call is not None:
            self._keep(replace(call, recording_key=key, recording_ms=duration_ms))

    def _keep(self, call: Call) -> Call:
        self.rows.calls[call.call_sid] = call
        return call
