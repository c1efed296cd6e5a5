"""Sending a text reply once: kept before it is sent, part by part, and recognised after a crash."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from shared import tracing
from shared.domain.json_value import JSON
from shared.domain.message import Delivery, DeliveryStatus, Recipient, ReplyChunk, ReplyPart
from shared.domain.reply import HeldReply, ReplyDraft
from shared.domain.text_parts import split_text
from shared.errors import ProviderRejected, TakenOver
from shared.observability import count, logger
from shared.ports.channel import OutboundChannel
from shared.ports.stores import Claim, HistoryStore
from shared.use_cases.voice_replies import VoiceNote, VoiceReplies


class Outbox:
    """Holds a reply in the database while a text channel sends it."""

    def __init__(self, history: HistoryStore, voice: VoiceReplies | None = None) -> None:
        """Without `voice` every reply is text."""
        self._history = history
        self._voice = voice

    async def hold(self, claim: Claim, draft: ReplyDraft, *, delivery_id: str, text_limit: int = 0) -> HeldReply:
        """Keep the reply; from here on a crash leads to the same words again, not to other ones.

        It is cut here, once, into texts of at most `text_limit` characters (0: no limit), so that the part which a
        worker was sending when it died is the same part for the next one.
        """
        parts = split_text(draft.text, text_limit) if text_limit else [draft.text]
        return await self._history.hold_reply(claim, draft, delivery_id=delivery_id, parts=tuple(filter(None, parts)))

    async def send(
        self,
        claim: Claim,
        channel: OutboundChannel,
        recipient: Recipient,
        held: HeldReply,
        *,
        despite_takeover: bool = False,
    ) -> Delivery:
        """Send what is not known to have been sent of a held reply, in order.

        Between the provider's acceptance of a part and our note of it lies the one gap that a crash can fall into; a
        part found SENDING is therefore looked for at the provider first, then among the statuses that came in.

        A part that the provider refuses for good ends the sending: what left before it counts as the reply. So does a
        person who takes the conversation over meanwhile, unless it is to be sent `despite_takeover`.

        Raises:
            TakenOver: a person has the conversation now, and nothing was sent.
            ProviderUnavailable: not all was sent; the rest stays in the outbox.
        """
        sending = _Sending(
            claim=claim, channel=channel, recipient=recipient, held=held, despite_takeover=despite_takeover
        )
        for part in held.parts:
            try:
                settled = part if part.has_left else await self._settle(sending, part)
            except TakenOver:
                if sending.latest is None:
                    raise
                break
            sending.settled.append(settled)
            if not settled.has_left:
                break
        return sending.delivery()

    async def _settle(self, sending: _Sending, part: ReplyPart) -> ReplyPart:
        """Send the part unless it turns out that it left already."""
        recipient = sending.recipient_of(part)
        if part.status is DeliveryStatus.SENDING:
            known = await self._find_sent(sending, recipient, part)
            if known is not None:
                logger.info("reply_was_already_sent", delivery_id=recipient.delivery_id)
                return replace(part, status=DeliveryStatus.SENT, provider_message_id=known)
        note = await self._voice_note(sending, part)
        await self._history.mark_sending(
            sending.claim,
            sending.held.delivery_id,
            position=part.position,
            sent=sending.latest,
            despite_takeover=sending.despite_takeover,
        )
        try:
            delivery = await self._deliver(sending, recipient, part, note)
        except ProviderRejected as error:
            logger.warning("reply_rejected", delivery_id=recipient.delivery_id, provider_code=error.provider_code)
            sending.attributes |= {"error_code": error.provider_code, "error_title": str(error)}
            return replace(part, status=DeliveryStatus.FAILED, error_code=error.provider_code)
        sending.note(delivery)
        provider_message_id = next(iter(delivery.provider_message_ids), None)
        return replace(part, status=DeliveryStatus.SENT, provider_message_id=provider_message_id)

    async def _voice_note(self, sending: _Sending, part: ReplyPart) -> VoiceNote | None:
        """What says the part, if it is to be heard and this is the first attempt to send it.

        What went wrong before, perhaps while a voice note was handed over, goes in writing: words need the least.
        """
        if self._voice is None or part.status is not DeliveryStatus.PENDING or len(sending.held.parts) > 1:
            return None
        return await self._voice.record(sending.held.draft, sending.claim, sending.channel)

    async def _deliver(
        self, sending: _Sending, recipient: Recipient, part: ReplyPart, note: VoiceNote | None
    ) -> Delivery:
        """Hand the part to the provider, in writing where it refuses to take the voice note; that takes its time."""
        started = time.perf_counter()
        try:
            with tracing.part("send", part=part.position, parts=len(sending.held.parts)):
                return await self._hand_over(sending, recipient, part, note)
        finally:
            elapsed_ms = round((time.perf_counter() - started) * 1000)
            sending.stages_ms["send"] = sending.stages_ms.get("send", 0) + elapsed_ms

    async def _hand_over(
        self, sending: _Sending, recipient: Recipient, part: ReplyPart, note: VoiceNote | None
    ) -> Delivery:
        if self._voice is not None and note is not None:
            delivery = await self._voice.deliver(note, sending.channel, recipient)
            if delivery is not None:
                return delivery
        return await sending.channel.deliver(recipient, _whole(part, sending.held.draft))

    async def _find_sent(self, sending: _Sending, recipient: Recipient, part: ReplyPart) -> str | None:
        known = await sending.channel.find_sent(recipient, part.text)
        if known is not None:
            # A provider that goes by the words may find another part of this reply that says the same.
            return next((found for found in known if found not in sending.provider_message_ids), None)
        return await self._history.sent_under(recipient.delivery_id)


@dataclass(slots=True, kw_only=True)
class _Sending:
    """A reply that is being sent; `settled` holds its parts as far as it is known what became of them."""

    claim: Claim
    channel: OutboundChannel
    recipient: Recipient
    held: HeldReply
    despite_takeover: bool
    settled: list[ReplyPart] = field(default_factory=list)
    stages_ms: dict[str, int] = field(default_factory=dict)
    attributes: dict[str, JSON] = field(default_factory=dict)

    @property
    def latest(self) -> ReplyPart | None:
        """The part before the one that leaves now."""
        return self.settled[-1] if self.settled else None

    @property
    def provider_message_ids(self) -> tuple[str, ...]:
        """The ids that are known by now."""
        return tuple(part.provider_message_id for part in self.settled if part.provider_message_id is not None)

    def recipient_of(self, part: ReplyPart) -> Recipient:
        """To whom and under which id a part goes; only the first one quotes what it answers."""
        is_quoting = self.recipient.is_quoting and part.position == 1
        return replace(self.recipient, delivery_id=self.held.id_of(part), is_quoting=is_quoting)

    def note(self, delivery: Delivery) -> None:
        """Keep what the channel told of a part that it sent."""
        self.stages_ms |= delivery.stages_ms
        self.attributes |= delivery.attributes

    def delivery(self) -> Delivery:
        """What came of all parts."""
        sent = [part for part in self.settled if part.has_left]
        missing = self.held.parts[len(sent) :]
        if missing and sent:
            logger.error("reply_partly_delivered", delivery_id=self.held.delivery_id, parts_missing=len(missing))
            count("reply_partly_delivered")
            self.attributes["parts_missing"] = len(missing)
        unsent = [replace(part, status=DeliveryStatus.FAILED) for part in self.held.parts[len(self.settled) :]]
        return Delivery(
            text="\n\n".join(part.text for part in sent) if missing and sent else self.held.draft.text,
            provider_message_ids=self.provider_message_ids,
            status=DeliveryStatus.FAILED if missing and not sent else DeliveryStatus.SENT,
            stages_ms=self.stages_ms,
            parts=(*self.settled, *unsent),
            attributes=self.attributes,
        )


async def join(chunks: AsyncGenerator[ReplyChunk, None]) -> str:
    """The whole text of a reply, once it is written."""
    async with aclosing(chunks):
        return "".join([chunk.text async for chunk in chunks]).strip()


async def _whole(part: ReplyPart, draft: ReplyDraft) -> AsyncGenerator[ReplyChunk, None]:
    yield ReplyChunk(text=part.text, agent_id=draft.agent_id or "")
