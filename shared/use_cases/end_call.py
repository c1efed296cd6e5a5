"""We hang up: the end is noted before the provider is asked, so that its own report of the end comes second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from shared.errors import ProviderUnavailable, StoreUnavailable
from shared.observability import count, logger
from shared.ports.messaging import EventPublisher
from shared.ports.stores import CallStore
from shared.ports.telephony import Telephony
from shared.use_cases.close_call import note_end

ATTEMPTS = 2
ATTEMPT_SECONDS = 2.5


class EndCall:
    """Ends a call at the provider. The record's recording and slot are left to whoever closes the call after it."""

    def __init__(
        self,
        telephony: Telephony,
        calls: CallStore,
        events: EventPublisher,
        clock: Callable[[], datetime],
        *,
        attempt_seconds: float = ATTEMPT_SECONDS,
    ) -> None:
        self._telephony = telephony
        self._calls = calls
        self._events = events
        self._clock = clock
        self._attempt_seconds = attempt_seconds

    async def __call__(self, call_sid: str, *, reason: str) -> bool:
        """Hang up; False when the provider could not be made to within five seconds.

        In either case the call is on record as ended, so a caller whose stream is closed next is hung up by the
        recovery webhook, not connected again.
        """
        await self._note(call_sid, reason)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with asyncio.timeout(self._attempt_seconds):
                    await self._telephony.end_call(call_sid)
            except (ProviderUnavailable, TimeoutError):
                # Ending a call twice is harmless, so an answer that was lost is no reason not to ask again.
                logger.warning("call_not_hung_up", call_sid=call_sid, attempt=attempt)
            else:
                return True
        count("calls_not_hung_up")
        return False

    async def _note(self, call_sid: str, reason: str) -> None:
        try:
            await note_end(self._calls, self._events, call_sid, at=self._clock(), reason=reason)
        except StoreUnavailable:
            logger.exception("call_end_not_kept", call_sid=call_sid)
