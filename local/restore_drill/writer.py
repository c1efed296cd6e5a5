"""Writes conversations and calls through the platform's own stores, at a known rate, and keeps the ledger."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from local.restore_drill.ledger import Commit, Ledger
from shared.adapters.aws.s3 import S3RecordingStore
from shared.adapters.postgres.calls import PostgresCallStore
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.domain.call import StreamTicket
from shared.domain.conversation import Speaker
from shared.domain.message import Delivery, InboundMessage, MessageKind
from shared.domain.reply import ReplyDraft
from shared.ports.stores import CallTurn

Result = TypeVar("Result")

FIRST_USER = 919830000000
USERS = 20
BUSINESS = "918047112233"
MESSAGES_BETWEEN_CALLS = 4
CALL_MS = 1000
_LEASE_SECONDS = 60
_AROUND_THE_TARGET_SECONDS = 0.1


@dataclass(slots=True)
class Written:
    """What was written, for those who look for it later."""

    ledger: Ledger = field(default_factory=Ledger)
    target: datetime | None = None
    audio: dict[str, bytes] = field(default_factory=dict)
    """Each call's recording as it was sent, mu-law and stereo."""


class Writer:
    """One after the other, so that every moment between two commits has a clear before and after."""

    def __init__(
        self, database: Database, recordings: S3RecordingStore, written: Written, *, per_second: float
    ) -> None:
        self._history = PostgresHistoryStore(database)
        self._calls = PostgresCallStore(database)
        self._recordings = recordings
        self._written = written
        self._pause_seconds = 1 / per_second
        self._number = 0

    async def write(self, seconds: float) -> None:
        """Write for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._number += 1
            await self._converse(self._number)
            if self._number % MESSAGES_BETWEEN_CALLS == 0:
                await self._call(self._number)

    async def choose_target(self) -> datetime:
        """The moment to go back to: between two commits."""
        await asyncio.sleep(_AROUND_THE_TARGET_SECONDS)
        self._written.target = datetime.now(UTC)
        await asyncio.sleep(_AROUND_THE_TARGET_SECONDS)
        return self._written.target

    async def _converse(self, number: int) -> None:
        now = datetime.now(UTC)
        message = InboundMessage(
            channel="whatsapp",
            user_id=user_of(number),
            provider_message_id=f"wamid.drill.in.{number:06}",
            kind=MessageKind.TEXT,
            text=f"Question {number}",
            business_id=BUSINESS,
            sent_at=now,
            received_at=now,
        )
        claim = await self._commit(
            f"message {message.provider_message_id}", self._history.claim(message, lease_seconds=_LEASE_SECONDS)
        )
        assert claim is not None, "every message of the drill is a new one"
        answer = f"Answer {number}"
        delivery = Delivery(text=answer, provider_message_ids=(f"wamid.drill.out.{number:06}",))
        draft = ReplyDraft(text=answer, agent_id=None)
        await self._commit(f"reply {message.provider_message_id}", self._history.complete(claim, draft, delivery))

    async def _call(self, number: int) -> None:
        call_sid = f"CA{number:032}"
        began_at = datetime.now(UTC)
        ticket = StreamTicket(call_sid=call_sid, caller_id=user_of(number), business_id=BUSINESS, slot=call_sid)
        call = await self._commit(f"call {call_sid}", self._calls.open(ticket, started_at=began_at))
        turn = CallTurn(
            call_sid=call_sid,
            conversation_id=call.conversation_id,
            position="0001",
            speaker=Speaker.AGENT,
            text=f"Greeting {number}",
            at=began_at,
            start_ms=0,
            end_ms=CALL_MS,
        )
        await self._commit(f"turn {call_sid}:{turn.position}", self._calls.add_turn(turn))
        ended_at = began_at + timedelta(milliseconds=CALL_MS)
        await self._commit(f"end {call_sid}", self._calls.close(call_sid, ended_at=ended_at, reason="completed"))
        audio = bytes([number % 256]) * (CALL_MS * 16)
        self._written.audio[call_sid] = audio
        await self._recordings.put_part(call_sid, started_at=began_at, start_ms=0, stereo_mulaw=audio)
        kept = await self._recordings.assemble(call_sid, started_at=began_at)
        assert kept is not None, "a part was put"
        key, duration_ms = kept
        attach = self._calls.attach_recording(call_sid, key=key, duration_ms=duration_ms)
        await self._commit(f"recording {call_sid}", attach)

    async def _commit(self, key: str, work: Awaitable[Result]) -> Result:
        begun_at = datetime.now(UTC)
        result = await work
        self._written.ledger.commits.append(Commit(key=key, begun_at=begun_at, acknowledged_at=datetime.now(UTC)))
        await asyncio.sleep(self._pause_seconds)
        return result


def user_of(number: int) -> str:
    """Who wrote the message of this number."""
    return str(FIRST_USER + number % USERS)
