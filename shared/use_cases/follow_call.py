"""What the provider tells about a call under way, and what happens when its audio stream is gone."""

from __future__ import annotations

from shared.domain.call import CallState
from shared.domain.conversation import ConversationStatus
from shared.errors import NotFound, StoreUnavailable
from shared.http_contract import HTTPRequest, HTTPResponse
from shared.observability import logger
from shared.ports.counters import RateCounter
from shared.ports.history import HistoryReader
from shared.ports.telephony import PhoneCall, Telephony
from shared.use_cases.answer_call import NOT_NOW, AnswerCall
from shared.use_cases.close_call import CloseCall
from shared.use_cases.guard_source import GuardSource

RECOVERIES = 5
_RECOVERY_WINDOW_SECONDS = 300
_TOPICS = frozenset({"status", "recover", "stream-status", "machine-detection"})
ONE_MOMENT = "Please hold on, I'm connecting you to a colleague."


class FollowCall:
    """The voice webhooks after the first: call status, stream status, recovery, machine detection."""

    def __init__(
        self,
        telephony: Telephony,
        guard: GuardSource,
        answer_call: AnswerCall,
        close_call: CloseCall,
        history: HistoryReader,
        rates: RateCounter,
        *,
        human_phone_number: str,
    ) -> None:
        self._telephony = telephony
        self._guard = guard
        self._answer_call = answer_call
        self._close_call = close_call
        self._history = history
        self._rates = rates
        self._human_phone_number = human_phone_number

    async def __call__(self, request: HTTPRequest) -> HTTPResponse:
        """Note what happened, or say what to do next.

        Raises:
            SignatureInvalid: not shown to come from the provider.
            Blocked: the same, from a source that failed too often.
            InvalidRequest: not the provider's format.
            NotFound: no such webhook.
        """
        topic = request.path.removeprefix("/webhooks/voice/")
        if topic not in _TOPICS:
            # Before the guard, which counts failures by path: made-up paths must not become counters.
            raise NotFound("There is no such voice webhook.")
        await self._guard(request, self._telephony.verify, webhook="voice")
        call = self._telephony.parse(request)
        if topic == "status":
            return await self._note_status(call)
        if topic == "recover":
            return await self._recover(call)
        logger.info("call_reported", call_sid=call.call_sid, topic=topic)
        return HTTPResponse.empty()

    async def _note_status(self, call: PhoneCall) -> HTTPResponse:
        """A final status closes what a lost stream left open; the reason noted first stands."""
        if call.has_ended:
            has_failed = call.status == "failed"
            await self._close_call(
                call.call_sid,
                slot=call.call_sid,
                reason=call.status,
                has_failed=has_failed,
                caller_id=call.caller_id,
            )
        return HTTPResponse.empty()

    async def _recover(self, call: PhoneCall) -> HTTPResponse:
        """The stream is gone while the caller is still there.

        A call that we ended is hung up, one that waits for a person is connected, and one that lost its stream by
        our fault comes back to another task, where the conversation goes on.
        """
        if call.has_ended:
            return self._telephony.hang_up()
        try:
            kept = await self._history.call(call.call_sid)
            conversation = await self._history.conversation(kept.conversation_id)
            if conversation.status is ConversationStatus.HUMAN and self._human_phone_number:
                return self._telephony.dial(self._human_phone_number, ONE_MOMENT)
            if kept.state is CallState.ENDED:
                return self._telephony.hang_up()
            return await self._reconnect(call, resumes=True)
        except NotFound:
            # The stream was lost before the call had a record: begin again.
            return await self._reconnect(call, resumes=False)
        except StoreUnavailable:
            logger.exception("call_not_recovered", call_sid=call.call_sid)
            return self._telephony.refuse(NOT_NOW)

    async def _reconnect(self, call: PhoneCall, *, resumes: bool) -> HTTPResponse:
        """Connect again, but not for ever: what fails this often fails for a reason of its own."""
        logger.warning("call_lost_its_stream", call_sid=call.call_sid)
        try:
            attempts = await self._rates.hit(f"recover:{call.call_sid}", window_seconds=_RECOVERY_WINDOW_SECONDS)
            if attempts.count > RECOVERIES:
                return self._telephony.refuse(NOT_NOW)
            return await self._answer_call.connect(call, resumes=resumes)
        except StoreUnavailable:
            logger.exception("call_not_recovered", call_sid=call.call_sid)
            return self._telephony.refuse(NOT_NOW)
