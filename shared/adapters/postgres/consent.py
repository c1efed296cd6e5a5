"""ConsentStore over PostgreSQL: the state stands with the user, so that every claim reads it; the log only grows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.adapters.postgres import claims
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.schema import consent_events, user_aliases, users
from shared.domain.consent import ConsentChange, ConsentRequest, ConsentScope, MarketingPreference, Wish
from shared.domain.conversation import ConversationKey
from shared.domain.message import InboundMessage
from shared.ports.stores import Claim

_MARKETING_WORD = "user_preferences"


class PostgresConsentStore:
    """Implements `ConsentStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, claim: Claim, message: InboundMessage, request: ConsentRequest) -> ConsentChange:
        """See `ConsentStore.keep`."""

        def work(connection: Connection) -> ConsentChange:
            # The user first, as every claim does, or two transactions could wait for each other.
            opted_out_at = _lock_user(connection, message.key)
            claims.require_lease(connection, claim)
            return _keep(connection, message, request, has_opted_out=opted_out_at is not None)

        return await self._database.run(work)

    async def has_opted_out(self, key: ConversationKey) -> bool:
        """See `ConsentStore.has_opted_out`."""
        known_as = select(user_aliases.c.user_id).where(
            user_aliases.c.channel == key.channel, user_aliases.c.alias == key.user_id
        )
        query = select(users.c.user_id).where(
            users.c.channel == key.channel,
            (users.c.user_id == key.user_id) | users.c.user_id.in_(known_as),
            users.c.opted_out_at.is_not(None),
        )
        return await self._database.run_alone(lambda connection: connection.execute(query).first() is not None)

    async def note_marketing(self, preference: MarketingPreference) -> None:
        """See `ConsentStore.note_marketing`."""
        event = {
            "channel": preference.channel,
            "user_id": preference.user_id,
            "scope": ConsentScope.MARKETING,
            "wish": preference.wish,
            "item_id": preference.notice_id,
            "word": _MARKETING_WORD,
            "stated_at": preference.stated_at,
        }
        await self._database.run(lambda connection: _note(connection, event))


def _keep(
    connection: Connection, message: InboundMessage, request: ConsentRequest, *, has_opted_out: bool
) -> ConsentChange:
    kept = connection.execute(
        select(consent_events.c.id, consent_events.c.is_change).where(
            consent_events.c.channel == message.channel, consent_events.c.item_id == message.provider_message_id
        )
    ).one_or_none()
    if kept is not None:
        is_effective = kept.is_change and not _has_changed_since(connection, message.key, kept.id)
        return ConsentChange(has_opted_out=has_opted_out, is_effective=is_effective)
    wants_out = request.wish is Wish.STOP
    is_change = wants_out != has_opted_out and not _is_outdated(connection, message.key, message.sent_at)
    connection.execute(
        upsert(consent_events).values(
            channel=message.channel,
            user_id=message.user_id,
            scope=ConsentScope.ALL,
            wish=request.wish,
            item_id=message.provider_message_id,
            word=request.word,
            stated_at=message.sent_at,
            is_change=is_change,
        )
    )
    if not is_change:
        return ConsentChange(has_opted_out=has_opted_out, is_effective=False)
    connection.execute(
        update(users)
        .where(users.c.channel == message.channel, users.c.user_id == message.user_id)
        .values(opted_out_at=func.clock_timestamp() if wants_out else None)
    )
    return ConsentChange(has_opted_out=wants_out, is_effective=True)


def _lock_user(connection: Connection, key: ConversationKey) -> datetime | None:
    """When the user opted out, if it was so; until the transaction ends, nobody else changes it."""
    return connection.execute(
        select(users.c.opted_out_at)
        .where(users.c.channel == key.channel, users.c.user_id == key.user_id)
        .with_for_update()
    ).scalar_one_or_none()


def _has_changed_since(connection: Connection, key: ConversationKey, event_id: int) -> bool:
    later = select(consent_events.c.id).where(
        consent_events.c.channel == key.channel,
        consent_events.c.user_id == key.user_id,
        consent_events.c.scope == ConsentScope.ALL,
        consent_events.c.is_change,
        consent_events.c.id > event_id,
    )
    return connection.execute(later.limit(1)).first() is not None


def _is_outdated(connection: Connection, key: ConversationKey, stated_at: datetime) -> bool:
    """Whether the user has said something newer since: a message that comes late does not undo it."""
    newer = select(consent_events.c.id).where(
        consent_events.c.channel == key.channel,
        consent_events.c.user_id == key.user_id,
        consent_events.c.scope == ConsentScope.ALL,
        consent_events.c.stated_at > stated_at,
    )
    return connection.execute(newer.limit(1)).first() is not None


def _note(connection: Connection, event: dict[str, Any]) -> None:
    latest = connection.execute(
        select(consent_events.c.wish)
        .where(
            consent_events.c.channel == event["channel"],
            consent_events.c.user_id == event["user_id"],
            consent_events.c.scope == ConsentScope.MARKETING,
        )
        .order_by(consent_events.c.id.desc())
        .limit(1)
    ).scalar_one_or_none()
    # Nobody who never said anything is opted out.
    is_change = event["wish"] != (latest or Wish.START)
    connection.execute(
        upsert(consent_events)
        .values(**event, is_change=is_change)
        .on_conflict_do_nothing(index_elements=[consent_events.c.channel, consent_events.c.item_id])
    )
