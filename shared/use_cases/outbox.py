"""Sending a text reply once: kept before it is sent, recognised after a crash."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from shared.domain.message import Delivery, DeliveryStatus, Recipient, ReplyChunk
from shared.domain.reply import HeldReply, ReplyDraft
from shared.errors import ProviderRejected
from shared.observability import logger
from shared.ports.channel import OutboundChannel
from shared.ports.stores import Claim, HistoryStore


class Outbox:
    """Holds a reply in the database while a text channel sends it."""

    def __init__(self, history: HistoryStore) -> None:
        self._history = history

    async def hold(self, claim: Claim, draft: ReplyDraft, *, delivery_id: str) -> HeldReply:
        """Keep the reply; from here on a crash leads to the same words again, not to other ones."""
        return await self._history.hold_reply(claim, draft, delivery_id=delivery_id)

    async def send(self, claim: Claim, channel: OutboundChannel, recipient: Recipient, held: HeldReply) -> Delivery:
        """Send a held reply unless it is known to have been sent.

        Between the provider's acceptance and our note of it lies the one gap that a crash can fall into; a reply
        found SENDING is therefore looked for at the provider first, then among the statuses that came in.

        Raises:
            ProviderUnavailable: not sent; the reply stays in the outbox.
        """
        if held.status is DeliveryStatus.SENDING:
            known = await self._find_sent(channel, recipient, held)
            if known:
                logger.info("reply_was_already_sent", delivery_id=held.delivery_id)
                return Delivery(text=held.draft.text, provider_message_ids=known)
        await self._history.mark_sending(claim, held.delivery_id)
        try:
            return await channel.deliver(recipient, _whole(held.draft))
        except ProviderRejected as error:
            logger.warning("reply_rejected", delivery_id=held.delivery_id, provider_code=error.provider_code)
            return Delivery(
                text=held.draft.text,
                status=DeliveryStatus.FAILED,
                attributes={"error_code": error.provider_code, "error_title": str(error)},
            )

    async def _find_sent(self, channel: OutboundChannel, recipient: Recipient, held: HeldReply) -> tuple[str, ...]:
        known = await channel.find_sent(recipient, held.draft.text)
        if known is not None:
            return known
        reported = await self._history.sent_under(held.delivery_id)
        return () if reported is None else (reported,)


async def join(chunks: AsyncGenerator[ReplyChunk, None]) -> str:
    """The whole text of a reply, once it is written."""
    async with aclosing(chunks):
        return "".join([chunk.text async for chunk in chunks]).strip()


async def _whole(draft: ReplyDraft) -> AsyncGenerator[ReplyChunk, None]:
    yield ReplyChunk(text=draft.text, agent_id=draft.agent_id or "")
