"""The turn: a message comes in, an agent's reply goes out, once. Text and voice alike."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.agent import HUMAN, RoutingDecision
from shared.domain.call import VOICE_CHANNEL
from shared.domain.conversation import Conversation, ConversationStatus, Speaker, Turn
from shared.domain.event import EventType, PlatformEvent
from shared.domain.json_value import JSON
from shared.domain.message import (
    Delivery,
    DeliveryStatus,
    InboundMessage,
    Recipient,
    ReplyPolicy,
    Unanswered,
)
from shared.domain.prompt import HandOver
from shared.domain.reply import ReplyDraft, with_first_audio
from shared.domain.reply_rules import why_unanswered
from shared.domain.transfer import hand_over_note
from shared.observability import logger, record_turn, record_unanswered
from shared.ports.channel import OutboundChannel
from shared.ports.messaging import EventPublisher
from shared.ports.stores import Claim, HistoryStore
from shared.use_cases.hold_claim import holding
from shared.use_cases.orchestrator import Orchestrator, Reply
from shared.use_cases.outbox import Outbox, join
from shared.use_cases.read_attachments import ReadAttachments
from shared.use_cases.recall_conversation import RecallConversation
from shared.use_cases.respect_wishes import RespectWishes
from shared.use_cases.show_typing import showing_typing
from shared.use_cases.voice_replies import VoiceReplies
from shared.use_cases.speak_ahead import Ahead, Anticipated, speaking_ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a message. `hand_over` tells a call that a person is wanted."""

    conversation: Conversation
    draft: ReplyDraft | None = None
    delivery: Delivery | None = None
    hand_over: HandOver | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    draft: ReplyDraft
    delivery: Delivery
    hand_over: HandOver | None = None
    # What the user said, where the message itself holds no words: a voice note was heard.
    words: str = ""


class AnswerMessage:
    """Claim the message, recall the conversation, let an agent reply, deliver, keep, tell."""

    def __init__(
        self,
        history: HistoryStore,
        recall: RecallConversation,
        orchestrator: Orchestrator,
        events: EventPublisher,
        clock: Callable[[], datetime],
        *,
        wishes: RespectWishes,
        attachments: ReadAttachments,
        voice: VoiceReplies,
        lease_seconds: int,
        stale_after: timedelta | None,
        can_transfer_calls: bool,
    ) -> None:
        self._history = history
        self._recall = recall
        self._orchestrator = orchestrator
        self._outbox = Outbox(history, voice)
        self._events = events
        self._clock = clock
        self._wishes = wishes
        self._attachments = attachments
        self._voice = voice
        self._lease_seconds = lease_seconds
        self._stale_after = stale_after
        self._can_transfer_calls = can_transfer_calls

    async def anticipate(self, message: InboundMessage, conversation_id: str) -> Anticipated:
        """Begin the spoken reply to a message that may never come. Nothing is kept or told.

        Raises:
            StoreUnavailable: the conversation cannot be recalled.
        """
        conversation = await self._recall(message.key, conversation_id)
        return Anticipated(
            conversation=conversation, reply=self._orchestrator.reply(conversation, message, is_spoken=True)
        )

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
        async with speaking_ahead(
            _recipient(message, delivery_id=message.provider_message_id), channel, anticipated
        ) as begun:
            claim = await self._history.claim(message, lease_seconds=self._lease_seconds, earlier=earlier)
            if claim is None:
                logger.info("message_already_answered", message_id=message.provider_message_id)
                return None
            message = replace(message, text="\n".join((*claim.joined, message.text)))
            ahead = begun if begun is not None and begun.fits(claim) else None
            if begun is not None and ahead is None:
                await begun.give_up()
            async with holding(claim, self._history, lease_seconds=self._lease_seconds):
                conversation = ahead.conversation if ahead else await self._recall(message.key, claim.conversation_id)
                conversation = conversation.with_status(claim.conversation_status)
                # Whoever watches is told while the reply is written: a slow update must not make the user wait.
                telling = asyncio.create_task(
                    self._tell(EventType.MESSAGE_RECEIVED, conversation, {"message_id": claim.message_id})
                )
                try:
                    outcome = await self._reply(message, claim, conversation, channel, started, ahead)
                finally:
                    await telling
                return await self._finish(message, claim, conversation, outcome)

    async def _reply(
        self,
        message: InboundMessage,
        claim: Claim,
        conversation: Conversation,
        channel: OutboundChannel,
        started: float,
        ahead: Ahead | None,
    ) -> _Outcome | Unanswered:
        # Derived, not random: a retry after a crash carries the same id, so the provider's statuses still match.
        delivery_id = uuid.uuid5(uuid.NAMESPACE_OID, f"delivery:{claim.message_id}")
        recipient = _recipient(message, delivery_id=str(delivery_id))
        wish = None if channel.capabilities.streams else await self._wishes(message, claim)
        if isinstance(wish, Unanswered):
            return wish
        if claim.held_reply is not None:
            delivery = await self._outbox.send(claim, channel, recipient, claim.held_reply)
            return _Outcome(draft=claim.held_reply.draft, delivery=delivery)
        if channel.capabilities.streams:
            return await self._reply_in_voice(message, conversation, channel, recipient, started, ahead)
        if wish is not None:
            return await self._send_whole(claim, channel, recipient, wish)
        because = why_unanswered(
            message,
            status=conversation.status,
            wishes=claim.wishes,
            now=self._clock(),
            stale_after=self._stale_after,
        )
        if because is not None:
            record_unanswered(message.channel, claim.message_id, because)
            await self._attachments.keep(message, claim, channel)
            return because
        async with showing_typing(channel, recipient):
            return await self._reply_in_text(message, claim, conversation, channel, recipient, started)

    async def _reply_in_voice(
        self,
        message: InboundMessage,
        conversation: Conversation,
        channel: OutboundChannel,
        recipient: Recipient,
        started: float,
        ahead: Ahead | None,
    ) -> _Outcome | Unanswered:
        if conversation.status is ConversationStatus.HUMAN:
            return Unanswered.HUMAN
        if message.reply_policy is ReplyPolicy.SILENT:
            return Unanswered.SILENT
        if ahead is not None:
            ahead.reply.stages_ms.update(_stages_before(message), context=0)
            return await self._note_spoken(conversation, ahead.reply, await ahead.delivery)
        reply = self._orchestrator.reply(conversation, message, is_spoken=True)
        reply.stages_ms.update(_stages_before(message), context=_elapsed_ms(started))
        return await self._note_spoken(conversation, reply, await channel.deliver(recipient, reply.chunks))

    async def _reply_in_text(
        self,
        message: InboundMessage,
        claim: Claim,
        conversation: Conversation,
        channel: OutboundChannel,
        recipient: Recipient,
        started: float,
    ) -> _Outcome:
        read = await self._attachments(message, claim, channel)
        if read.remark is not None:
            return await self._send_whole(claim, channel, recipient, ReplyDraft(text=read.remark, agent_id=None))
        asked = await self._voice.asked(read.message, claim)
        if asked.is_all:
            agent = await self._orchestrator.greeter(conversation, read.message)
            draft = self._voice.confirmation(asked, agent, read.message, channel)
            return replace(await self._send_whole(claim, channel, recipient, draft), words=read.message.text)
        reply = self._orchestrator.reply(conversation, read.message, is_spoken=False, enclosed=read.enclosed)
        reply.stages_ms.update(_stages_before(message), context=_elapsed_ms(started))
        draft = reply.draft(await join(reply.chunks))
        draft = self._voice.in_form(draft, reply.agent, asked.wishes, read.message, channel)
        await self._orchestrator.keep_active(conversation, reply)
        outcome = await self._send_whole(claim, channel, recipient, draft, reply)
        sent = replace(outcome.delivery, stages_ms={**outcome.delivery.stages_ms, "total": _elapsed_ms(started)})
        return replace(outcome, delivery=sent, words=read.message.text)

    async def _note_spoken(self, conversation: Conversation, reply: Reply, delivery: Delivery) -> _Outcome:
        await self._orchestrator.keep_active(conversation, reply)
        draft = reply.draft(delivery.text)
        stages_ms = with_first_audio({**draft.stages_ms, **delivery.stages_ms})
        return _Outcome(draft=draft, delivery=replace(delivery, stages_ms=stages_ms), hand_over=reply.hand_over)

    async def _send_whole(
        self,
        claim: Claim,
        channel: OutboundChannel,
        recipient: Recipient,
        draft: ReplyDraft,
        reply: Reply | None = None,
    ) -> _Outcome:
        held = await self._outbox.hold(
            claim, draft, delivery_id=recipient.delivery_id, text_limit=channel.capabilities.text_limit
        )
        delivery = await self._outbox.send(claim, channel, replace(recipient, delivery_id=held.delivery_id), held)
        return _Outcome(draft=held.draft, delivery=delivery, hand_over=None if reply is None else reply.hand_over)

    async def _finish(
        self, message: InboundMessage, claim: Claim, conversation: Conversation, outcome: _Outcome | Unanswered
    ) -> Answer:
        unanswered = outcome if isinstance(outcome, Unanswered) else None
        draft = None if isinstance(outcome, Unanswered) else outcome.draft
        words = message.text if isinstance(outcome, Unanswered) else outcome.words or message.text
        delivery = None if isinstance(outcome, Unanswered) else outcome.delivery
        route = None if draft is None else draft.route
        if route is not None and route.agent_id == HUMAN and conversation.status is not ConversationStatus.HUMAN:
            # Before the message is done: nobody would come back for it after a crash.
            conversation = await self._call_a_person(conversation, route)
        await self._history.complete(claim, draft, delivery, unanswered=unanswered)
        conversation = conversation.with_turns(*_turns(message, words, draft, delivery, self._clock()))
        await self._recall.keep(conversation)
        if isinstance(outcome, Unanswered) or draft is None or delivery is None:
            if outcome is Unanswered.STALE:
                because = {"status": "unanswered", "unanswered_because": outcome.value}
                await self._tell(EventType.MESSAGE_STATUS, conversation, {"message_id": claim.message_id, **because})
            return Answer(conversation=conversation)
        record_turn(message.channel, draft, delivery)
        await self._tell(
            EventType.MESSAGE_SENT,
            conversation,
            {"agent_id": draft.agent_id, "interrupted": delivery.interrupted, "status": delivery.status.value},
        )
        if route is not None and route.agent_id == HUMAN:
            status = conversation.status.value
            await self._tell(EventType.TAKEOVER_CHANGED, conversation, {"status": status, "wanted": True})
        return Answer(conversation=conversation, draft=draft, delivery=delivery, hand_over=outcome.hand_over)

    async def _call_a_person(self, conversation: Conversation, route: RoutingDecision) -> Conversation:
        """Leave the conversation to a person; the agents stay silent until it is given back.

        A caller who cannot be connected to a person is promised a call back and goes on with the agent: on the phone
        nobody may meet silence.
        """
        status = ConversationStatus.HUMAN
        if conversation.key.channel == VOICE_CHANNEL and not self._can_transfer_calls:
            status = ConversationStatus.OPEN
        await self._history.set_status(conversation.id, status, note=hand_over_note(route.detail))
        return conversation.with_status(status)

    async def _tell(self, kind: EventType, conversation: Conversation, data: dict[str, JSON]) -> None:
        await self._events.publish(
            PlatformEvent(type=kind, at=self._clock(), conversation_id=conversation.id, key=conversation.key, data=data)
        )


def _recipient(message: InboundMessage, *, delivery_id: str) -> Recipient:
    return Recipient(
        channel=message.channel,
        user_id=message.user_id,
        business_id=message.business_id,
        delivery_id=delivery_id,
        reply_to=message.provider_message_id,
        address=message.address,
        group_id=message.group_id,
    )


def _turns(
    message: InboundMessage, words: str, draft: ReplyDraft | None, delivery: Delivery | None, now: datetime
) -> list[Turn]:
    turns = [Turn(speaker=Speaker.USER, text=words, at=message.sent_at)] if words else []
    if draft is None or delivery is None or delivery.status is DeliveryStatus.FAILED or not delivery.text:
        return turns
    answer = Turn(
        speaker=Speaker.AGENT,
        text=delivery.text,
        at=now,
        agent_id=draft.agent_id,
        interrupted=delivery.interrupted,
    )
    return [*turns, answer]


def _stages_before(message: InboundMessage) -> dict[str, int]:
    """Milliseconds that the message spent before it got here, as its channel measured them."""
    stages = message.attributes.get("stages_ms")
    if not isinstance(stages, dict):
        return {}
    return {name: value for name, value in stages.items() if isinstance(value, int)}


def _elapsed_ms(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
