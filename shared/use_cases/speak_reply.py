"""The reply in a call: begun ahead of its message where it can be, kept as far as it was heard."""

from __future__ import annotations

import time
from dataclasses import replace

from shared.domain.conversation import Conversation, ConversationStatus
from shared.domain.message import Delivery, InboundMessage, Recipient, ReplyPolicy, Unanswered
from shared.domain.reply import Outcome, with_first_audio
from shared.ports.channel import OutboundChannel
from shared.use_cases.orchestrator import Orchestrator, Reply
from shared.use_cases.speak_ahead import Ahead, Anticipated


class SpeakReply:
    """Answers a message by voice, while the answer is written. Nothing of it goes through the outbox."""

    def __init__(self, orchestrator: Orchestrator) -> None:
        self._orchestrator = orchestrator

    def begin(self, conversation: Conversation, message: InboundMessage) -> Anticipated:
        """A reply to a message that may never come; nothing is asked before its first chunk is awaited."""
        reply = self._orchestrator.reply(conversation, message, is_spoken=True, is_certain=False)
        return Anticipated(conversation=conversation, reply=reply)

    async def __call__(
        self,
        message: InboundMessage,
        conversation: Conversation,
        channel: OutboundChannel,
        ahead: Ahead | None,
        *,
        started: float,
    ) -> Outcome | Unanswered:
        """What came of the message; `ahead` is a reply to it that is being spoken already.

        `started` is when the turn began, on the clock of `time.perf_counter`.
        """
        if conversation.status is ConversationStatus.HUMAN:
            return Unanswered.HUMAN
        if message.reply_policy is ReplyPolicy.SILENT:
            return Unanswered.SILENT
        if ahead is not None:
            ahead.reply.confirm(message)
            ahead.reply.stages_ms.update(_stages_before(message), context=0)
            return await self._heard(conversation, ahead.reply, await ahead.delivery)
        reply = self._orchestrator.reply(conversation, message, is_spoken=True)
        context_ms = round((time.perf_counter() - started) * 1000)
        reply.stages_ms.update(_stages_before(message), context=context_ms)
        recipient = Recipient.of(message, delivery_id=message.provider_message_id)
        return await self._heard(conversation, reply, await channel.deliver(recipient, reply.chunks))

    async def _heard(self, conversation: Conversation, reply: Reply, delivery: Delivery) -> Outcome:
        await self._orchestrator.keep_active(conversation, reply)
        draft = reply.draft(delivery.text)
        stages_ms = with_first_audio({**draft.stages_ms, **delivery.stages_ms})
        return Outcome(
            draft=draft,
            delivery=replace(delivery, stages_ms=stages_ms),
            hand_over=reply.hand_over,
            ends_call=reply.record.ends_call,
        )


def _stages_before(message: InboundMessage) -> dict[str, int]:
    """Milliseconds that the message spent before it got here, as its channel measured them."""
    stages = message.attributes.get("stages_ms")
    if not isinstance(stages, dict):
        return {}
    return {name: value for name, value in stages.items() if isinstance(value, int)}
