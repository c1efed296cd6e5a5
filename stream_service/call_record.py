"""What the turns of a live call are kept under: whose call it is, in which language, at which time and place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.domain.call import VOICE_CHANNEL, StreamTicket
from shared.domain.conversation import Speaker
from shared.domain.event import EventType, PlatformEvent
from shared.domain.json_value import JSON
from shared.domain.message import InboundMessage, MessageKind, Recipient
from shared.domain.spoken.fixed_sentences import SentenceKind, sentence
from shared.ports.messaging import EventPublisher
from shared.ports.stores import CallTurn
from shared.use_cases.open_call import OpenedCall


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTurn:
    """A turn of a call as `call.turn` tells it.

    Attributes:
        question: the caller's words that it is the answer to.
        message_id: the turn as it is kept, where that is known by now.
        answers_id: likewise of the question.
    """

    speaker: Speaker
    text: str
    start_ms: int
    end_ms: int
    agent_id: str | None = None
    interrupted: bool = False
    stages_ms: Mapping[str, int] | None = None
    question: str | None = None
    message_id: str | None = None
    answers_id: str | None = None

    @property
    def data(self) -> dict[str, JSON]:
        """`said` and `heard` are the caller's words and the agent's, for clients that know no `speaker`."""
        is_of_caller = self.speaker is Speaker.USER
        return {
            "speaker": self.speaker.value,
            "text": self.text,
            "agent_id": self.agent_id,
            "start_ms": self.start_ms,
            "end_ms": self.end_ms,
            "interrupted": self.interrupted,
            "stages_ms": None if self.stages_ms is None else dict(self.stages_ms),
            "message_id": self.message_id,
            "answers_id": self.answers_id,
            "said": self.text if is_of_caller else self.question,
            "heard": None if is_of_caller else self.text,
        }


class CallRecord:
    """The call's identity, its clock, and the number of its next turn.

    Args:
        now_ms: the call's own clock: how much of the caller's audio has passed since the call began.
    """

    def __init__(
        self, ticket: StreamTicket, opened: OpenedCall, events: EventPublisher, now_ms: Callable[[], int]
    ) -> None:
        self.ticket = ticket
        self.conversation_id = opened.conversation.id
        self.greeter_id = "" if opened.greeter is None else opened.greeter.id
        self.language = "en-IN" if opened.greeter is None else opened.greeter.language
        self._wanted: dict[str, JSON] = {}
        self._key = opened.conversation.key
        self._events = events
        self.now_ms = now_ms
        # A call that came back numbers its turns from where it comes back, so that no number was given before.
        self._stream = f":{now_ms()}" if ticket.resumes else ""
        self._count = 0

    @property
    def call_sid(self) -> str:
        """Twilio's id of the call."""
        return self.ticket.call_sid

    def use_language(self, language: str) -> None:
        """Go on in the language (BCP 47) that the caller has asked for, whichever agent answers."""
        self.language = language
        self._wanted = {"language": language}

    def next_place(self) -> str:
        """A name for the next turn that no other turn of the call has, not even one before the stream was lost."""
        self._count += 1
        return f"{self.call_sid}{self._stream}:{self._count}"

    def message(self, text: str, attributes: dict[str, JSON]) -> InboundMessage:
        """What the caller said or keyed in, as a message."""
        return self._message(text, self.next_place(), attributes)

    def tentative_message(self, text: str) -> InboundMessage:
        """What the caller may have said: it has no number, for it may never be a message."""
        return self._message(text, "", {})

    def _message(self, text: str, position: str, attributes: dict[str, JSON]) -> InboundMessage:
        now = datetime.now(UTC)
        return InboundMessage(
            channel=VOICE_CHANNEL,
            user_id=self.ticket.caller_id,
            provider_message_id=position,
            kind=MessageKind.SPEECH,
            text=text,
            business_id=self.ticket.business_id,
            sent_at=now,
            received_at=now,
            attributes={"call_sid": self.call_sid, **self._wanted, **attributes},
        )

    def sentence(self, kind: SentenceKind) -> str:
        """One of our fixed sentences in the call's language."""
        return sentence(kind, self.language)

    def recipient(self, position: str) -> Recipient:
        """The caller, as the one a remark is for."""
        return Recipient(
            channel=VOICE_CHANNEL,
            user_id=self.ticket.caller_id,
            business_id=self.ticket.business_id,
            delivery_id=position,
        )

    def turn(
        self,
        speaker: Speaker,
        text: str,
        *,
        position: str,
        start_ms: int,
        end_ms: int,
        interrupted: bool = False,
    ) -> CallTurn:
        """A turn that belongs to no question, with its place in the recording."""
        return CallTurn(
            call_sid=self.call_sid,
            conversation_id=self.conversation_id,
            position=position,
            speaker=speaker,
            text=text,
            at=datetime.now(UTC),
            start_ms=start_ms,
            end_ms=end_ms,
            agent_id=(self.greeter_id or None) if speaker is Speaker.AGENT else None,
            interrupted=interrupted,
        )

    async def tell_turn(self, told: ToldTurn) -> None:
        """Let whoever watches know what was said and heard."""
        await self.tell(EventType.CALL_TURN, told.data)

    async def tell(self, kind: EventType, data: dict[str, JSON]) -> None:
        """Let whoever watches know."""
        await self._events.publish(
            PlatformEvent(
                type=kind,
                at=datetime.now(UTC),
                conversation_id=self.conversation_id,
                key=self._key,
                data={"call_sid": self.call_sid, **data},
            )
        )
