"""HistoryStore over PostgreSQL: each method is one transaction."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row

from shared.adapters.postgres import calls, claims, conversations, deliveries, message_events
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.message_outcomes import KeptMessage, settle
from shared.domain.conversation import Conversation, ConversationKey, ConversationStatus
from shared.domain.message import ChannelNotice, Delivery, InboundMessage, ReplyPart, StatusUpdate, Unanswered
from shared.domain.outcome import Outcome
from shared.domain.reply import HeldReply, ReplyDraft
from shared.errors import TakenOver
from shared.ports.stores import Claim, RecordedStatus


class PostgresHistoryStore:
    """Implements `HistoryStore`. A user who was silent for `conversation_gap_hours` begins a new conversation."""

    def __init__(self, database: Database, *, conversation_gap_hours: int = 24) -> None:
        self._database = database
        self._gap = timedelta(hours=conversation_gap_hours)

    async def claim(
        self, message: InboundMessage, *, lease_seconds: int, earlier: Sequence[InboundMessage] = ()
    ) -> Claim | None:
        """See `HistoryStore.claim`."""
        return await self._database.run(
            lambda connection: claims.claim_message(
                connection, message, lease_seconds=lease_seconds, gap=self._gap, earlier=earlier
            )
        )

    async def renew(self, claim: Claim, *, lease_seconds: int) -> None:
        """See `HistoryStore.renew`."""
        await self._database.run(lambda connection: claims.renew_lease(connection, claim, lease_seconds))

    async def release(self, claim: Claim) -> None:
        """See `HistoryStore.release`."""
        await self._database.run(lambda connection: claims.release_lease(connection, claim))

    async def hold_reply(
        self, claim: Claim, draft: ReplyDraft, *, delivery_id: str, parts: tuple[str, ...] = ()
    ) -> HeldReply:
        """See `HistoryStore.hold_reply`."""

        def work(connection: Connection) -> HeldReply:
            inbound = claims.require_lease(connection, claim)
            return deliveries.hold(connection, inbound, draft, delivery_id, parts or (draft.text,))

        return await self._database.run(work)

    async def mark_sending(
        self,
        claim: Claim,
        delivery_id: str,
        *,
        position: int = 1,
        sent: ReplyPart | None = None,
        despite_takeover: bool = False,
    ) -> None:
        """See `HistoryStore.mark_sending`."""

        def work(connection: Connection) -> None:
            inbound = claims.require_lease(connection, claim)
            if inbound.conversation_status == ConversationStatus.HUMAN and not despite_takeover:
                raise TakenOver("A person has the conversation now.")
            deliveries.mark_sending(connection, inbound, delivery_id, position=position, sent=sent)

        await self._database.run(work)

    async def complete(
        self,
        claim: Claim,
        draft: ReplyDraft | None,
        delivery: Delivery | None,
        *,
        unanswered: Unanswered | None = None,
    ) -> str | None:
        """See `HistoryStore.complete`."""
        return await self._database.run(
            functools.partial(_complete, claim=claim, draft=draft, delivery=delivery, unanswered=unanswered)
        )

    async def take_over(self, call_sid: str) -> InboundMessage | None:
        """See `HistoryStore.take_over`."""
        return await self._database.run(lambda connection: claims.take_over(connection, call_sid))

    async def load_conversation(self, key: ConversationKey) -> Conversation | None:
        """See `HistoryStore.load_conversation`. A message that is still being answered is not among the turns."""
        return await self._database.run(lambda connection: conversations.load_conversation(connection, key, self._gap))

    async def set_status(self, conversation_id: str, status: ConversationStatus, *, note: str) -> None:
        """See `HistoryStore.set_status`."""
        await self._database.run(lambda connection: conversations.set_status(connection, conversation_id, status, note))

    async def sent_under(self, delivery_id: str) -> str | None:
        """See `HistoryStore.sent_under`."""
        return await self._database.run(lambda connection: message_events.first_reported_id(connection, delivery_id))

    async def record_status(self, update: StatusUpdate) -> RecordedStatus | None:
        """See `HistoryStore.record_status`."""
        return await self._database.run(lambda connection: message_events.record_status(connection, update))

    async def record_notice(self, notice: ChannelNotice) -> None:
        """See `HistoryStore.record_notice`."""
        await self._database.run(lambda connection: message_events.record_notice(connection, notice))


def _complete(
    connection: Connection,
    *,
    claim: Claim,
    draft: ReplyDraft | None,
    delivery: Delivery | None,
    unanswered: Unanswered | None,
) -> str | None:
    inbound = claims.require_lease(connection, claim)
    reply = None
    if delivery is None:
        deliveries.abandon(connection, claim.message_id)
    else:
        reply = deliveries.store_reply(connection, inbound, draft, delivery)
        _join_reported_statuses(connection, inbound, reply, delivery)
        agent_id = None if draft is None else draft.agent_id
        conversations.note_message(connection, inbound.conversation_id, at=reply.at, agent_id=agent_id)
        calls.note_agent(connection, delivery.attributes.get("call_sid"), agent_id)
    claims.finish(connection, claim, unanswered)
    return None if reply is None else reply.id


def _join_reported_statuses(
    connection: Connection, inbound: Row[Any], reply: deliveries.StoredReply, delivery: Delivery
) -> None:
    if reply.delivery_id is None and not delivery.provider_message_ids:
        # Nothing that a provider could report about: what was spoken in a call.
        return
    ids = delivery.provider_message_ids
    message_events.make_known(connection, channel=inbound.channel, message_id=reply.id, provider_ids=ids)
    kept = KeptMessage(
        id=reply.id,
        conversation_id=inbound.conversation_id,
        key=ConversationKey(channel=inbound.channel, user_id=inbound.user_id),
        status=delivery.status,
        attributes=reply.attributes,
        delivery_id=reply.delivery_id,
        outcomes=() if reply.delivery_id is None else tuple(Outcome(part=part) for part in delivery.as_parts),
    )
    settle(connection, kept)
