"""A caller who was with us comes back to an agent, but not for ever: what fails so often has a reason of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from shared.domain.call import ResumeReason
from shared.errors import StoreUnavailable
from shared.http_contract import HTTPResponse
from shared.observability import logger
from shared.ports.counters import RateCounter
from shared.ports.telephony import PhoneCall, Telephony
from shared.use_cases.answer_call import NOT_NOW, AnswerCall
from shared.use_cases.guard_source import note_lost_counter

TIME_IS_UP = "We have reached the longest time a call can take. Please call us again. Goodbye."
RECOVERIES = 5
_WINDOW_SECONDS = 300
# The first attempt is made at once. Those after it give a task that is being replaced the time to come up.
PAUSES_SECONDS = (0, 1, 2, 3, 3)


class ReconnectCall:
    """Connects a call again, at most five times in five minutes, and not once it is over or has lasted too long."""

    def __init__(
        self,
        telephony: Telephony,
        answer_call: AnswerCall,
        rates: RateCounter,
        clock: Callable[[], datetime],
        *,
        call_limit_seconds: int,
    ) -> None:
        self._telephony = telephony
        self._answer_call = answer_call
        self._rates = rates
        self._clock = clock
        self._longest_call = timedelta(seconds=call_limit_seconds)

    async def __call__(
        self, call: PhoneCall, *, reason: ResumeReason | None, started_at: datetime | None = None
    ) -> HTTPResponse:
        """The instruction to stream again; `reason` is None for a call that never got as far as having a record."""
        logger.warning("call_reconnecting", call_sid=call.call_sid, reason=reason)
        if started_at is not None and self._clock() - started_at >= self._longest_call:
            # A call that loses its stream again and again must not outlast one that does not.
            return self._telephony.refuse(TIME_IS_UP)
        try:
            attempts = await self._rates.hit(_subject(call), window_seconds=_WINDOW_SECONDS)
            if attempts.count > RECOVERIES:
                return self._telephony.refuse(NOT_NOW)
            pause_seconds = PAUSES_SECONDS[attempts.count - 1]
            return await self._answer_call.connect(call, reason=reason, pause_seconds=pause_seconds)
        except StoreUnavailable:
            logger.exception("call_not_recovered", call_sid=call.call_sid)
            return self._telephony.refuse(NOT_NOW)

    async def rule_out(self, call: PhoneCall) -> None:
        """The call is over: a request to recover it that comes late must not take a slot that nobody gives back."""
        try:
            await self._rates.hit(_subject(call), window_seconds=_WINDOW_SECONDS, cost=RECOVERIES)
        except StoreUnavailable:
            note_lost_counter("recover")


def _subject(call: PhoneCall) -> str:
    return f"recover:{call.call_sid}"
