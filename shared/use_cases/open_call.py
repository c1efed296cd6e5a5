"""A call's audio starts to flow: its record, its conversation, and who greets the caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.domain.agent import AgentProfile
from shared.domain.call import VOICE_CHANNEL, Call, ResumeReason, StreamTicket
from shared.domain.call_back import is_called_back
from shared.domain.conversation import Conversation, ConversationStatus, Speaker
from shared.domain.event import EventType, PlatformEvent
from shared.domain.message import InboundMessage, MessageKind
from shared.domain.spoken.fixed_sentences import SentenceKind, sentence
from shared.ports.catalogue import CatalogueStore
from shared.ports.messaging import EventPublisher
from shared.ports.stores import CallStore, HistoryStore
from shared.use_cases.orchestrator import Orchestrator
from shared.use_cases.recall_conversation import RecallConversation

_SAID_ON_RETURN = {
    ResumeReason.STREAM_LOST: SentenceKind.WELCOME_BACK,
    ResumeReason.NOBODY_REACHED: SentenceKind.NOBODY_REACHED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedCall:
    """All that a call session needs to begin.

    Attributes:
        greeting: empty when there is no agent to greet.
        unanswered: what the caller asked before the stream was lost; to be answered right after the greeting.
    """

    call: Call
    conversation: Conversation
    greeter: AgentProfile | None
    greeting: str
    agents: tuple[AgentProfile, ...]
    unanswered: InboundMessage | None = None


class OpenCall:
    """Opens the record of a call whose stream was let in."""

    def __init__(
        self,
        calls: CallStore,
        history: HistoryStore,
        catalogue: CatalogueStore,
        recall: RecallConversation,
        orchestrator: Orchestrator,
        events: EventPublisher,
        clock: Callable[[], datetime],
    ) -> None:
        self._calls = calls
        self._history = history
        self._catalogue = catalogue
        self._recall = recall
        self._orchestrator = orchestrator
        self._events = events
        self._clock = clock

    async def __call__(self, ticket: StreamTicket) -> OpenedCall:
        """Open the call's record and find who greets.

        Raises:
            StoreUnavailable: the call cannot be served.
        """
        now = self._clock()
        call = await self._calls.open(ticket, started_at=now)
        await self._calls.answered(call.call_sid, at=now)
        conversation = await self._recall(call.key, call.conversation_id)
        if conversation.status is ConversationStatus.HUMAN and not _goes_on(ticket):
            # A person was wanted in an earlier call; whoever rings again is greeted by an agent again.
            await self._history.set_status(conversation.id, ConversationStatus.OPEN, note="The user called again.")
            conversation = conversation.with_status(ConversationStatus.OPEN)
            await self._recall.keep(conversation)
        unanswered = await self._history.take_over(call.call_sid) if ticket.resumes else None
        greeter = await self._orchestrator.greeter(conversation, _opening(ticket, now))
        await self._events.publish(
            PlatformEvent(
                type=EventType.CALL_STARTED,
                at=now,
                conversation_id=conversation.id,
                key=conversation.key,
                data={
                    "call_sid": call.call_sid,
                    "direction": call.direction.value,
                    "agent_id": None if greeter is None else greeter.id,
                },
            )
        )
        return OpenedCall(
            call=call,
            conversation=conversation,
            greeter=greeter,
            greeting=_greeting(ticket, greeter, is_promised=_is_promised(call, conversation)),
            agents=(await self._catalogue.current()).agents,
            unanswered=unanswered,
        )


def _goes_on(ticket: StreamTicket) -> bool:
    """Whether it is the same call still: whoever took it over before its line broke has it now."""
    return ticket.resumes and ticket.resume_reason is not ResumeReason.NOBODY_REACHED


def _greeting(ticket: StreamTicket, greeter: AgentProfile | None, *, is_promised: bool) -> str:
    if ticket.resumes:
        kind = _SAID_ON_RETURN[ticket.resume_reason or ResumeReason.STREAM_LOST]
        return sentence(kind, "en" if greeter is None else greeter.language)
    if greeter is None:
        return ""
    # Whoever is rung wants to know why.
    return (
        f"{greeter.greeting} {sentence(SentenceKind.CALLED_BACK, greeter.language)}"
        if is_promised
        else greeter.greeting
    )


def _is_promised(call: Call, conversation: Conversation) -> bool:
    latest = conversation.turns[-1] if conversation.turns else None
    return latest is not None and latest.speaker is Speaker.SYSTEM and is_called_back(call, latest.text)


def _opening(ticket: StreamTicket, now: datetime) -> InboundMessage:
    """The call itself as a message without words, so that rules about the channel choose who greets."""
    return InboundMessage(
        channel=VOICE_CHANNEL,
        user_id=ticket.caller_id,
        provider_message_id=ticket.call_sid,
        kind=MessageKind.SPEECH,
        text="",
        business_id=ticket.business_id,
        sent_at=now,
        received_at=now,
    )
