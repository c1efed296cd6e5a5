"""A phone rings: who may call, how many at once, and the token that lets the audio stream in."""

from __future__ import annotations

import uuid
from contextlib import suppress

from shared import tracing
from shared.domain.call import ResumeReason, StreamTicket
from shared.errors import StoreUnavailable
from shared.http_contract import HTTPRequest, HTTPResponse
from shared.observability import count, logger, user_hash
from shared.ports.counters import ConnectionCounter, RateCounter
from shared.ports.stores import StreamTickets
from shared.ports.telephony import PhoneCall, Telephony
from shared.use_cases.guard_source import GuardSource
from shared.use_cases.limit_rate import LimitRate

TOO_MANY_CALLS = "All lines for your number are in use. Please end another call first. Goodbye."
TOO_OFTEN = "You have called very often in the last minute. Please try again a little later. Goodbye."
NOT_NOW = "I'm sorry, we can't take your call at the moment. Please try again in a few minutes."
TOKEN_TTL_SECONDS = 60
# A slot outlives the longest call by a margin, so that a lost release frees itself and a live call never loses its own.
_SLOT_MARGIN_SECONDS = 120


class AnswerCall:
    """One incoming-call webhook, from verification to the instruction to stream."""

    def __init__(
        self,
        telephony: Telephony,
        guard: GuardSource,
        rates: RateCounter,
        slots: ConnectionCounter,
        tickets: StreamTickets,
        *,
        calls_per_user: int,
        requests_per_minute: int,
        call_limit_seconds: int,
    ) -> None:
        self._telephony = telephony
        self._guard = guard
        self._limit_rate = LimitRate(rates, limit=requests_per_minute, violation="calls_per_minute", channel="voice")
        self._slots = slots
        self._tickets = tickets
        self._calls_per_user = calls_per_user
        self._slot_ttl_seconds = call_limit_seconds + _SLOT_MARGIN_SECONDS

    async def __call__(self, request: HTTPRequest) -> HTTPResponse:
        """Connect the caller, or say politely why not: a caller is never met with silence.

        Raises:
            SignatureInvalid: not shown to come from the provider.
            Blocked: the same, from a source that failed too often.
            InvalidRequest: not the provider's format.
        """
        await self._guard(request, self._telephony.verify, webhook="voice")
        call = self._telephony.parse(request)
        if await self._limit_rate(f"voice:{call.caller_id}", user_id=call.caller_id):
            return self._telephony.refuse(TOO_OFTEN)
        try:
            return await self.connect(call)
        except StoreUnavailable:
            logger.exception("call_not_connected", call_sid=call.call_sid)
            return self._telephony.refuse(NOT_NOW)

    async def connect(
        self, call: PhoneCall, *, reason: ResumeReason | None = None, pause_seconds: int = 0
    ) -> HTTPResponse:
        """Take one of the user's slots and mint the token; the slot's name is the call, so a retry keeps it.

        The slot passes to the new stream: one that the call had before and lost cannot give it back any more.

        `reason` says why a caller who was connected before comes back.

        Raises:
            StoreUnavailable: nobody can tell whether the call may come in.
        """
        stream_id = uuid.uuid4().hex
        is_admitted = await self._slots.take(
            call.caller_id,
            call.call_sid,
            limit=self._calls_per_user,
            ttl_seconds=self._slot_ttl_seconds,
            holder=stream_id,
        )
        if not is_admitted:
            _note_too_many(call, self._calls_per_user)
            return self._telephony.refuse(TOO_MANY_CALLS)
        ticket = StreamTicket(
            call_sid=call.call_sid,
            caller_id=call.caller_id,
            business_id=call.business_id,
            slot=call.call_sid,
            direction=call.direction,
            resumes=reason is not None,
            resume_reason=reason,
            stream_id=stream_id,
            trace=tracing.carrier(),
        )
        token = await self._mint(ticket)
        hashed = user_hash(call.caller_id)
        logger.info("call_connecting", call_sid=call.call_sid, user_hash=hashed, resume_reason=reason)
        return self._telephony.connect(token, pause_seconds=pause_seconds)

    async def _mint(self, ticket: StreamTicket) -> str:
        """A token; without one the call cannot come in, so its slot must not stay taken."""
        try:
            return await self._tickets.mint(ticket, ttl_seconds=TOKEN_TTL_SECONDS)
        except StoreUnavailable:
            with suppress(StoreUnavailable):
                await self._slots.release(ticket.caller_id, ticket.slot)
            raise


def _note_too_many(call: PhoneCall, limit: int) -> None:
    logger.warning(
        "rate_limit_exceeded",
        violation="concurrent_calls",
        channel="voice",
        user_hash=user_hash(call.caller_id),
        limit=limit,
    )
    count("rate_limit_exceeded", channel="voice")
