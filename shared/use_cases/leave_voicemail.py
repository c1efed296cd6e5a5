"""A machine took a call of ours: the agent need not talk to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from shared.errors import ProviderRejected, ProviderUnavailable, StoreUnavailable
from shared.observability import count, logger
from shared.ports.messaging import EventPublisher
from shared.ports.stores import CallStore
from shared.ports.telephony import Answerer, PhoneCall, Telephony
from shared.ports.voicemail import VoicemailMessages
from shared.use_cases.close_call import note_end
from shared.use_cases.end_call import EndCall

VOICEMAIL = "voicemail"
FAX = "fax"
_MESSAGE_SECONDS = 2.5


class LeaveVoicemail:
    """Hangs up on a machine, or says what was to be said to one; a person, or whoever may be one, is left alone."""

    def __init__(
        self,
        telephony: Telephony,
        end_call: EndCall,
        calls: CallStore,
        messages: VoicemailMessages,
        events: EventPublisher,
        clock: Callable[[], datetime],
    ) -> None:
        self._telephony = telephony
        self._end_call = end_call
        self._calls = calls
        self._messages = messages
        self._events = events
        self._clock = clock

    async def __call__(self, call: PhoneCall) -> None:
        """Do what the answerer calls for; being told twice changes nothing."""
        logger.info("call_answered_by", call_sid=call.call_sid, answerer=call.answered_by.value)
        count("outbound_calls_answered", by=call.answered_by.value)
        match call.answered_by:
            case Answerer.FAX:
                await self._end_call(call.call_sid, reason=FAX)
            case Answerer.MACHINE:
                await self._meet_machine(call.call_sid)

    async def _meet_machine(self, call_sid: str) -> None:
        text = await self._message(call_sid)
        if text is None:
            await self._end_call(call_sid, reason=VOICEMAIL)
            return
        try:
            # Noted first, so that the end of the media stream that follows is nobody's hanging up; and said once.
            is_first = await note_end(self._calls, self._events, call_sid, at=self._clock(), reason=VOICEMAIL)
        except StoreUnavailable:
            logger.exception("call_end_not_kept", call_sid=call_sid)
            is_first = True
        if is_first and not await self._say(call_sid, text):
            await self._end_call(call_sid, reason=VOICEMAIL)

    async def _message(self, call_sid: str) -> str | None:
        try:
            return await self._messages.find(call_sid)
        except StoreUnavailable:
            logger.exception("voicemail_not_found", call_sid=call_sid)
            return None

    async def _say(self, call_sid: str, text: str) -> bool:
        try:
            async with asyncio.timeout(_MESSAGE_SECONDS):
                await self._telephony.leave_message(call_sid, text)
        except (ProviderUnavailable, ProviderRejected, TimeoutError):
            logger.warning("voicemail_not_left", call_sid=call_sid)
            return False
        count("voicemails_left")
        return True
