"""The turn: a message comes in, an agent's reply goes out, once. Text and voice alike."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared import tracing
from shared.domain.agent import HUMAN, RoutingDecision
from shared.domain.call import VOICE_CHANNEL
from shared.domain.conversation import Conversation, ConversationStatus, Speaker, Turn
from shared.domain.event import EventType, PlatformEvent, status_data, takeover_data
from shared.domain.hand_over import hand_over_turns, person_note
from shared.domain.json_value import JSON
from shared.domain.message import (
    Delivery,
    DeliveryStatus,
    InboundMessage,
    Unanswered,
    speaker_of,
)
from shared.domain.prompt import HandOver
from shared.domain.reply import Outcome, ReplyDraft
from shared.domain.span import Attribute
from shared.domain.transfer import hand_over_words
from shared.observability import bind, logger, record_turn, record_unanswered, user_hash
from shared.ports.channel import OutboundChannel
from shared.ports.messaging import EventPublisher
from shared.ports.stores import Claim, HistoryStore
from shared.use_cases.fold_past import FoldPast
from shared.use_cases.hold_claim import holding
from shared.use_cases.promise_person import PromisePerson
from shared.use_cases.recall_conversation import RecallConversation
from shared.use_cases.speak_ahead import Ahead, Anticipated, speaking_ahead
from shared.use_cases.speak_reply import SpeakReply
from shared.use_cases.write_reply import WriteReply


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a message. `hand_over` tells a call that a person is wanted, `ends_call` that it is over.

    Attributes:
        message_id: the turn that the reply became, if there was one.
        answers_id: the turn that it is the reply to.
    """

    conversation: Conversation
    message_id: str | None = None
    answers_id: str | None = None
    draft: ReplyDraft | None = None
    delivery: Delivery | None = None
    hand_over: HandOver | None = None
    ends_call: bool = False


class AnswerMessage:
    """Claim the message, recall the conversation, let an agent reply, deliver, keep, tell."""

    def __init__(  # noqa: PLR0913 - the steps of a turn, and what they need
        self,
        history: HistoryStore,
        recall: RecallConversation,
        write: WriteReply,
        speak: SpeakReply,
        fold_past: FoldPast,
        events: EventPublisher,
        clock: Callable[[], datetime],
        *,
        lease_seconds: int,
        promise_person: PromisePerson | None,
    ) -> None:
        """`promise_person` is for callers whom nobody can be connected to; None where there is somebody."""
        self._history = history
        self._recall = recall
        self._write = write
        self._speak = speak
        self._fold_past = fold_past
        self._events = events
        self._clock = clock
        self._promise_person = promise_person
        self._lease_seconds = lease_seconds

    async def anticipate(self, message: InboundMessage, conversation_id: str) -> Anticipated:
        """Begin the spoken reply to a message that may never come. Nothing is kept or told.

        Raises:
            StoreUnavailable: the conversation cannot be recalled.
        """
        return self._speak.begin(await self._recall(message.key, conversation_id), message)

    async def __call__(
        self,
        message: InboundMessage,
        channel: OutboundChannel,
        anticipated: Anticipated | None = None,
        *,
        earlier: Sequence[InboundMessage] = (),
    ) -> Answer | None:
        """Answer a message; None when it was answered before. `anticipated` is a reply begun for the same words.

        The `earlier` messages, oldest first, are answered with it.

        Raises:
            AlreadyClaimed, LeaseLost: another worker has it.
            NotTogether: the messages cannot be answered as one; nothing was done.
            StoreUnavailable, ProviderUnavailable: not finished; the same message may be answered later.
        """
        started = time.perf_counter()
        async with speaking_ahead(message, channel, anticipated) as begun:
            tracing.note(channel=message.channel, user_hash=user_hash(message.user_id))
            with tracing.part("claim"):
                claim = await self._history.claim(message, lease_seconds=self._lease_seconds, earlier=earlier)
            if claim is None:
                logger.info("message_already_answered", message_id=message.provider_message_id)
                return None
            bind(conversation_id=claim.conversation_id)
            tracing.note(conversation_id=claim.conversation_id, message_id=claim.message_id)
            message = replace(message, text="\n".join((*claim.joined, message.text)))
            ahead = begun if begun is not None and begun.fits(claim) else None
            if begun is not None and ahead is None:
                await begun.give_up()
            async with holding(claim, self._history, lease_seconds=self._lease_seconds):
                with tracing.part("context"):
                    conversation = await self._recalled(message, claim, ahead)
                # Whoever watches is told while the reply is written: a slow update must not make the user wait.
                telling = asyncio.create_task(
                    self._tell(EventType.MESSAGE_RECEIVED, conversation, _received(message, claim))
                )
                try:
                    if channel.capabilities.streams:
                        outcome = await self._speak(message, conversation, channel, ahead, started=started)
                    else:
                        outcome = await self._write(message, claim, conversation, channel, started=started)
                finally:
                    await telling
                with tracing.part("keep"):
                    answer = await self._finish(message, claim, conversation, outcome)
                tracing.note(**_came_of_it(outcome))
        if not channel.capabilities.streams:
            # The reply is out and kept: a crash from here on costs nothing but a summary. A call does this beside
            # itself.
            await self._fold_past(answer.conversation)
        return answer

    async def _recalled(self, message: InboundMessage, claim: Claim, ahead: Ahead | None) -> Conversation:
        recalled = ahead.conversation if ahead else await self._recall(message.key, claim.conversation_id, claim)
        if recalled.message_count != claim.message_count:
            # Something is missing; what is cached after this turn will be read anew for the next.
            recalled = replace(recalled, message_count=None)
        return recalled.with_status(claim.conversation_status)

    async def _finish(
        self, message: InboundMessage, claim: Claim, conversation: Conversation, outcome: Outcome | Unanswered
    ) -> Answer:
        unanswered = outcome if isinstance(outcome, Unanswered) else None
        draft = None if isinstance(outcome, Unanswered) else outcome.draft
        words = message.text if isinstance(outcome, Unanswered) else outcome.words or message.text
        delivery = None if isinstance(outcome, Unanswered) else outcome.delivery
        route = None if draft is None else draft.route
        served_before = _last_server(conversation)
        conversation = conversation.with_turns(*_asked(message, words)).counting(1 + len(claim.joined))
        if route is not None and route.agent_id == HUMAN and conversation.status is not ConversationStatus.HUMAN:
            # Before the message is done: nobody would come back for it after a crash.
            conversation = await self._call_a_person(conversation, route, occasion=claim.message_id)
        reply_id = await self._history.complete(claim, draft, delivery, unanswered=unanswered)
        answered = _answered(draft, delivery, self._clock())
        conversation = conversation.with_turns(*answered).counting(0 if delivery is None else 1)
        await self._recall.keep(conversation)
        if isinstance(outcome, Unanswered) or draft is None or delivery is None:
            if unanswered is not None:
                record_unanswered(message.channel, claim.message_id, unanswered)
            if unanswered is Unanswered.STALE:
                status = status_data(claim.message_id, "unanswered", unanswered_because=unanswered.value)
                await self._tell(EventType.MESSAGE_STATUS, conversation, status)
            return Answer(conversation=conversation, answers_id=claim.message_id)
        record_turn(message.channel, draft, delivery)
        if route is not None and draft.agent_id is not None and served_before not in (None, draft.agent_id):
            change: dict[str, JSON] = {"from": served_before, "to": draft.agent_id, "reason": route.reason.value}
            await self._tell(EventType.AGENT_CHANGED, conversation, change)
        await self._tell(
            EventType.MESSAGE_SENT,
            conversation,
            {
                "message_id": reply_id,
                "answers_id": claim.message_id,
                "speaker": Speaker.AGENT.value,
                "text": delivery.text or (draft.text if delivery.status is DeliveryStatus.FAILED else ""),
                "agent_id": draft.agent_id,
                "person": None,
                "interrupted": delivery.interrupted,
                "status": delivery.status.value,
            },
        )
        if route is not None and route.agent_id == HUMAN:
            wanted = takeover_data(conversation.status, wanted=True)
            await self._tell(EventType.TAKEOVER_CHANGED, conversation, wanted)
        return Answer(
            conversation=conversation,
            message_id=reply_id,
            answers_id=claim.message_id,
            draft=draft,
            delivery=delivery,
            hand_over=outcome.hand_over,
            ends_call=outcome.ends_call,
        )

    async def _call_a_person(
        self, conversation: Conversation, route: RoutingDecision, *, occasion: str
    ) -> Conversation:
        """Leave the conversation to a person; the agents stay silent until it is given back.

        A caller who cannot be connected to a person is promised a call back and goes on with the agent: on the phone
        nobody may meet silence.
        """
        status = ConversationStatus.HUMAN
        noted = Turn(speaker=Speaker.SYSTEM, text=person_note(route), at=self._clock())
        if conversation.key.channel == VOICE_CHANNEL and self._promise_person is not None:
            status = ConversationStatus.OPEN
            await self._promise_person(conversation, occasion=occasion, about=hand_over_words([noted]))
        await self._history.set_status(conversation.id, status, note=noted.text)
        return conversation.with_status(status).with_turns(noted).counting(1)

    async def _tell(self, kind: EventType, conversation: Conversation, data: dict[str, JSON]) -> None:
        await self._events.publish(
            PlatformEvent(type=kind, at=self._clock(), conversation_id=conversation.id, key=conversation.key, data=data)
        )


def _received(message: InboundMessage, claim: Claim) -> dict[str, JSON]:
    return {
        "message_id": claim.message_id,
        "speaker": speaker_of(message.kind).value,
        "kind": message.kind.value,
        "text": message.text,
    }


def _came_of_it(outcome: Outcome | Unanswered) -> dict[str, Attribute | None]:
    if isinstance(outcome, Unanswered):
        return {"unanswered": outcome.value}
    return {"agent_id": outcome.draft.agent_id, "status": outcome.delivery.status.value}


def _asked(message: InboundMessage, words: str) -> list[Turn]:
    return [Turn(speaker=speaker_of(message.kind), text=words, at=message.sent_at)] if words else []


def _answered(draft: ReplyDraft | None, delivery: Delivery | None, now: datetime) -> list[Turn]:
    """What is left of a reply: who handed over to whom, and the words that arrived."""
    if draft is None or delivery is None or delivery.status is DeliveryStatus.FAILED:
        return []
    reason, detail = (None, None) if draft.route is None else (draft.route.reason, draft.route.detail)
    notes = hand_over_turns(reason, detail, draft.agent_id, at=now)
    if not delivery.text:
        return notes
    answer = Turn(
        speaker=Speaker.AGENT,
        text=delivery.text,
        at=now,
        agent_id=draft.agent_id,
        interrupted=delivery.interrupted,
    )
    return [*notes, answer]


def _last_server(conversation: Conversation) -> str | None:
    """The agent who spoke last."""
    spoken = (turn.agent_id for turn in reversed(conversation.turns) if turn.speaker is Speaker.AGENT)
    return next((agent_id for agent_id in spoken if agent_id is not None), None)
