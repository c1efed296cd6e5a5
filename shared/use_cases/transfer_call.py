"""A caller is put through to a person who knows what it is about, or comes back to the agent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.domain.call import Call, ResumeReason
from shared.domain.conversation import Conversation, ConversationStatus
from shared.domain.event import EventType, PlatformEvent, takeover_data
from shared.domain.transfer import briefing, hand_over_words
from shared.errors import NotFound, StoreUnavailable
from shared.http_contract import HTTPResponse
from shared.observability import count, logger
from shared.ports.history import HistoryReader
from shared.ports.messaging import EventPublisher
from shared.ports.stores import ContextStore, HistoryStore
from shared.ports.telephony import PhoneCall, Telephony
from shared.use_cases.promise_person import PromisePerson
from shared.use_cases.reconnect_call import ReconnectCall

ONE_MOMENT = "Please hold on, I'm connecting you to a colleague."
PRESS_A_KEY = "Press any key to take the call."
A_CALLER_WAITS = "A caller would like to speak with you."
GOODBYE = "Thank you for calling. Goodbye."
NOBODY_NOTE = "No person took the call; the caller was promised a call back."
_SHORTEST_TALK_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalLine:
    """The person whom callers are put through to, empty if there is none; the whole call may last so long."""

    number: str
    call_limit_seconds: int


class TransferCall:
    """The three moments of a transfer: the person is rung, told who calls, and either talks or does not."""

    def __init__(  # noqa: PLR0913 - a transfer touches all that knows of a call
        self,
        telephony: Telephony,
        reader: HistoryReader,
        history: HistoryStore,
        contexts: ContextStore,
        events: EventPublisher,
        reconnect: ReconnectCall,
        promise_person: PromisePerson,
        clock: Callable[[], datetime],
        *,
        line: PersonalLine,
    ) -> None:
        self._telephony = telephony
        self._reader = reader
        self._history = history
        self._contexts = contexts
        self._events = events
        self._reconnect = reconnect
        self._promise_person = promise_person
        self._clock = clock
        self._line = line

    @property
    def is_possible(self) -> bool:
        """Whether there is a person to ring."""
        return bool(self._line.number)

    def begin(self, call: PhoneCall, kept: Call) -> HTTPResponse:
        """Ring the person; what the agent used of the longest call is not there for the two to talk."""
        used_seconds = round((self._clock() - kept.started_at).total_seconds())
        longest_seconds = max(_SHORTEST_TALK_SECONDS, self._line.call_limit_seconds - used_seconds)
        logger.info("call_transferring", call_sid=call.call_sid)
        count("calls_transferred")
        return self._telephony.dial(self._line.number, ONE_MOMENT, call=call, longest_seconds=longest_seconds)

    async def brief(self, call: PhoneCall) -> HTTPResponse:
        """Tell the person who calls and what about, and put the caller through once a key is pressed."""
        if call.has_pressed_key:
            return self._telephony.put_through()
        words = await self._words(call.on_behalf_of)
        return self._telephony.brief(f"{words} {PRESS_A_KEY}", on_behalf_of=call.on_behalf_of)

    async def finish(self, call: PhoneCall) -> HTTPResponse:
        """End a call in which the two have talked; give a caller for whom nobody came back to the agent."""
        if call.has_ended:
            return self._telephony.hang_up()
        if call.was_bridged:
            return self._telephony.refuse(GOODBYE)
        count("transfers_unanswered")
        await self._give_back(call)
        return await self._reconnect(call, reason=ResumeReason.NOBODY_REACHED)

    async def _words(self, call_sid: str) -> str:
        """The briefing; a person who cannot be told what it is about is still told that somebody waits."""
        try:
            kept = await self._reader.call(call_sid)
            conversation = await self._reader.conversation(kept.conversation_id)
            recent = await self._history.load_conversation(kept.key)
        except (NotFound, StoreUnavailable):
            logger.exception("transfer_not_briefed", call_sid=call_sid)
            return A_CALLER_WAITS
        about = "" if recent is None else hand_over_words(recent.turns)
        return briefing(caller_id=kept.caller_id, name=conversation.user_name, about=about)

    async def _promise(self, kept: Call) -> None:
        """Put the caller on the list: the agent who is back says that somebody will call."""
        conversation = await self._history.load_conversation(kept.key) or Conversation(
            id=kept.conversation_id, key=kept.key
        )
        about = hand_over_words(conversation.turns)
        await self._promise_person(conversation, occasion=f"transfer:{kept.call_sid}", about=about)

    async def _give_back(self, call: PhoneCall) -> None:
        """The agents answer again. What fails here is made good when the call is opened anew."""
        try:
            kept = await self._reader.call(call.call_sid)
            status = ConversationStatus.OPEN
            await self._promise(kept)
            await self._history.set_status(kept.conversation_id, status, note=NOBODY_NOTE)
            await self._contexts.forget(kept.key)
        except (NotFound, StoreUnavailable):
            logger.exception("transfer_not_taken_back", call_sid=call.call_sid)
            return
        await self._events.publish(
            PlatformEvent(
                type=EventType.TAKEOVER_CHANGED,
                at=self._clock(),
                conversation_id=kept.conversation_id,
                key=kept.key,
                data=takeover_data(status, wanted=True),
            )
        )
