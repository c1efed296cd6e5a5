"""What the provider tells about a call under way, and what happens when its audio stream is gone."""

from __future__ import annotations

from shared.domain.call import CallState, ResumeReason
from shared.domain.conversation import ConversationStatus
from shared.errors import NotFound, StoreUnavailable
from shared.http_contract import HTTPRequest, HTTPResponse
from shared.observability import count, logger
from shared.ports.history import HistoryReader
from shared.ports.telephony import PhoneCall, Telephony
from shared.use_cases.answer_call import NOT_NOW
from shared.use_cases.close_call import CloseCall
from shared.use_cases.guard_source import GuardSource
from shared.use_cases.leave_voicemail import LeaveVoicemail
from shared.use_cases.reconnect_call import ReconnectCall
from shared.use_cases.transfer_call import TransferCall

_TOPICS = frozenset({"status", "recover", "stream-status", "machine-detection", "transfer-summary", "transfer-result"})


class FollowCall:
    """The voice webhooks after the first: statuses, recovery, machine detection, transfer to a person."""

    def __init__(
        self,
        telephony: Telephony,
        guard: GuardSource,
        history: HistoryReader,
        close_call: CloseCall,
        reconnect: ReconnectCall,
        transfer: TransferCall,
        leave_voicemail: LeaveVoicemail,
    ) -> None:
        self._telephony = telephony
        self._guard = guard
        self._history = history
        self._close_call = close_call
        self._reconnect = reconnect
        self._transfer = transfer
        self._leave_voicemail = leave_voicemail

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
        match topic:
            case "recover":
                return await self._recover(call)
            case "transfer-summary":
                return await self._transfer.brief(call)
            case "transfer-result":
                return await self._transfer.finish(call)
            case "status":
                await self._note_status(call)
            case "machine-detection":
                await self._leave_voicemail(call)
            case _:
                _note_stream_status(call)
        return HTTPResponse.empty()

    async def _note_status(self, call: PhoneCall) -> None:
        """A final status closes what a lost stream left open; the reason noted first stands."""
        if not call.has_ended:
            return
        await self._reconnect.rule_out(call)
        await self._close_call(
            call.call_sid,
            slot=call.call_sid,
            reason=call.status,
            has_failed=call.status == "failed",
            caller_id=call.caller_id,
        )

    async def _recover(self, call: PhoneCall) -> HTTPResponse:
        """The stream is gone while the caller is still there.

        A call that we ended is hung up, one that waits for a person is put through, and one that lost its stream by
        our fault comes back to another task, where the conversation goes on.
        """
        if call.has_ended:
            return self._telephony.hang_up()
        try:
            kept = await self._history.call(call.call_sid)
            conversation = await self._history.conversation(kept.conversation_id)
        except NotFound:
            # The stream was lost before the call had a record: begin again.
            return await self._reconnect(call, reason=None)
        except StoreUnavailable:
            logger.exception("call_not_recovered", call_sid=call.call_sid)
            return self._telephony.refuse(NOT_NOW)
        if conversation.status is ConversationStatus.HUMAN and self._transfer.is_possible:
            return self._transfer.begin(call, kept)
        if kept.state is CallState.ENDED:
            return self._telephony.hang_up()
        return await self._reconnect(call, reason=ResumeReason.STREAM_LOST, started_at=kept.started_at)


def _note_stream_status(call: PhoneCall) -> None:
    if call.stream_error:
        logger.warning("media_stream_failed", call_sid=call.call_sid, error=call.stream_error)
        count("media_stream_errors")
    else:
        logger.info("media_stream_reported", call_sid=call.call_sid)
