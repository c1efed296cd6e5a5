"""The reply on a text channel: what the user wishes, whether anybody answers, the agent's words, the outbox."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from shared.domain.conversation import Conversation
from shared.domain.message import InboundMessage, Recipient, Unanswered
from shared.domain.reply import END_TO_END, HeldReply, Outcome, ReplyDraft
from shared.domain.reply_rules import is_answered_late, why_unanswered
from shared.errors import TakenOver
from shared.ports.channel import OutboundChannel
from shared.ports.stores import Claim
from shared.use_cases.orchestrator import Orchestrator, Reply
from shared.use_cases.outbox import Outbox, join
from shared.use_cases.read_attachments import ReadAttachments
from shared.use_cases.respect_wishes import RespectWishes
from shared.use_cases.show_typing import showing_typing
from shared.use_cases.voice_replies import VoiceReplies


class WriteReply:
    """Answers a claimed message in writing, or by a voice note to whoever wants that."""

    def __init__(
        self,
        orchestrator: Orchestrator,
        outbox: Outbox,
        wishes: RespectWishes,
        attachments: ReadAttachments,
        voice: VoiceReplies,
        clock: Callable[[], datetime],
        *,
        stale_after: timedelta | None,
    ) -> None:
        self._orchestrator = orchestrator
        self._outbox = outbox
        self._wishes = wishes
        self._attachments = attachments
        self._voice = voice
        self._clock = clock
        self._stale_after = stale_after

    async def __call__(
        self,
        message: InboundMessage,
        claim: Claim,
        conversation: Conversation,
        channel: OutboundChannel,
        *,
        started: float,
    ) -> Outcome | Unanswered:
        """What came of the message; `started` is when the turn began, on the clock of `time.perf_counter`.

        Raises:
            LeaseLost: another worker has the message.
            StoreUnavailable, ProviderUnavailable: not finished; the same message may be answered later.
        """
        outcome = await self._reply(message, claim, conversation, channel, started)
        if isinstance(outcome, Unanswered):
            return outcome
        # By two clocks, which may differ a little: of whoever took the message in, and ours.
        taken = self._clock() - message.received_at
        stages_ms = {**outcome.delivery.stages_ms, END_TO_END: max(0, taken // timedelta(milliseconds=1))}
        return replace(outcome, delivery=replace(outcome.delivery, stages_ms=stages_ms))

    async def _reply(
        self,
        message: InboundMessage,
        claim: Claim,
        conversation: Conversation,
        channel: OutboundChannel,
        started: float,
    ) -> Outcome | Unanswered:
        recipient = self._recipient(message, claim)
        wish = await self._wishes(message, claim)
        if isinstance(wish, Unanswered):
            return wish
        if claim.held_reply is not None:
            return await self._send(claim, channel, recipient, claim.held_reply, despite_takeover=wish is not None)
        if wish is not None:
            held = await self._hold(claim, channel, recipient, wish)
            return await self._send(claim, channel, recipient, held, despite_takeover=True)
        because = why_unanswered(
            message,
            status=conversation.status,
            wishes=claim.wishes,
            # A clock of ours that is an hour off makes no message old.
            now=claim.claimed_at or self._clock(),
            stale_after=self._stale_after,
        )
        if because is not None:
            await self._attachments.keep(message, claim, channel)
            return because
        async with showing_typing(channel, recipient):
            draft, reply, words = await self._compose(message, claim, conversation, channel, started)
        held = await self._hold(claim, channel, recipient, draft)
        outcome = await self._send(claim, channel, recipient, held, reply)
        if isinstance(outcome, Unanswered):
            return outcome
        sent = replace(outcome.delivery, stages_ms={**outcome.delivery.stages_ms, "total": _elapsed_ms(started)})
        return replace(outcome, delivery=sent, words=words)

    async def _compose(
        self,
        message: InboundMessage,
        claim: Claim,
        conversation: Conversation,
        channel: OutboundChannel,
        started: float,
    ) -> tuple[ReplyDraft, Reply | None, str]:
        """What is to be said, by whom if an agent says it, and to which words."""
        began = time.perf_counter()
        read = await self._attachments(message, claim, channel)
        attachments_ms = _elapsed_ms(began)
        words = read.message.text
        if read.remark is not None:
            return ReplyDraft(text=read.remark, agent_id=None), None, words
        asked = await self._voice.asked(read.message, claim)
        if asked.is_all:
            agent = await self._orchestrator.greeter(conversation, read.message)
            return self._voice.confirmation(asked, agent, read.message, channel), None, words
        reply = self._orchestrator.reply(conversation, read.message, is_spoken=False, enclosed=read.enclosed)
        reply.stages_ms.update(attachments=attachments_ms, context=_elapsed_ms(started) - attachments_ms)
        draft = reply.draft(await join(reply.chunks))
        await self._orchestrator.keep_active(conversation, reply)
        return self._voice.in_form(draft, reply.agent, asked.wishes, read.message, channel), reply, words

    async def _hold(self, claim: Claim, channel: OutboundChannel, recipient: Recipient, draft: ReplyDraft) -> HeldReply:
        return await self._outbox.hold(
            claim, draft, delivery_id=recipient.delivery_id, text_limit=channel.capabilities.text_limit
        )

    async def _send(
        self,
        claim: Claim,
        channel: OutboundChannel,
        recipient: Recipient,
        held: HeldReply,
        reply: Reply | None = None,
        *,
        despite_takeover: bool = False,
    ) -> Outcome | Unanswered:
        """Send what is held, unless a person took the conversation over since it was written."""
        recipient = replace(recipient, delivery_id=held.delivery_id)
        goes_out = despite_takeover or held.draft.calls_a_person
        try:
            delivery = await self._outbox.send(claim, channel, recipient, held, despite_takeover=goes_out)
        except TakenOver:
            return Unanswered.HUMAN
        return Outcome(draft=held.draft, delivery=delivery, hand_over=None if reply is None else reply.hand_over)

    def _recipient(self, message: InboundMessage, claim: Claim) -> Recipient:
        # Derived, not random: a retry after a crash carries the same id, so the provider's statuses still match.
        delivery_id = uuid.uuid5(uuid.NAMESPACE_OID, f"delivery:{claim.message_id}")
        is_late = is_answered_late(message, now=claim.claimed_at or self._clock())
        return replace(Recipient.of(message, delivery_id=str(delivery_id)), is_quoting=is_late)


def _elapsed_ms(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
