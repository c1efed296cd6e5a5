"""IdentityStore over PostgreSQL: one row for each identity that a user was ever seen under."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ARRAY, Connection, Text, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.adapters.postgres.column_types import storable_text
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.schema import user_aliases, users
from shared.domain.message import InboundMessage
from shared.observability import logger, user_hash

# Known identities are read; new ones join the user who was seen first, be it before aliases were kept. Whoever
# writes a row second waits for the first one and gets what that one wrote. Written in one order, so that no two wait
# for each other.
_RESOLVE = text(
    """
    WITH known AS (
        SELECT alias, user_id, noted_at FROM user_aliases WHERE channel = :channel AND alias = ANY(:stated)
    ), added AS (
        INSERT INTO user_aliases (channel, alias, user_id)
        SELECT :channel, stated.alias, coalesce(
            (SELECT user_id FROM known ORDER BY noted_at, alias LIMIT 1),
            (SELECT user_id FROM users WHERE channel = :channel AND user_id = ANY(:stated)
             ORDER BY first_seen_at LIMIT 1),
            :user_id
        )
        FROM unnest(:stated) AS stated (alias)
        WHERE stated.alias NOT IN (SELECT alias FROM known)
        ORDER BY stated.alias
        ON CONFLICT (channel, alias) DO UPDATE SET noted_at = user_aliases.noted_at
        RETURNING alias, user_id, noted_at
    )
    SELECT user_id FROM known UNION SELECT user_id FROM added
    """
).bindparams(bindparam("channel", type_=Text), bindparam("user_id", type_=Text), bindparam("stated", type_=ARRAY(Text)))


class PostgresIdentityStore:
    """Implements `IdentityStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def resolve(self, message: InboundMessage) -> InboundMessage:
        """See `IdentityStore.resolve`."""
        stated = sorted({storable_text(name) for name in (message.user_id, *message.aliases)})
        values = {"channel": message.channel, "user_id": storable_text(message.user_id), "stated": stated}
        users = await self._database.run_alone(lambda connection: connection.execute(_RESOLVE, values).scalars().all())
        if len(users) == 1:
            return under(message, users[0])
        user_id = await self._database.run(lambda connection: _join(connection, message.channel, stated))
        logger.info("identities_joined", channel=message.channel, user_hash=user_hash(user_id), users=len(users))
        return under(message, user_id)


def under(message: InboundMessage, user_id: str) -> InboundMessage:
    """The message as one of this user, to be answered where it came from."""
    if user_id == message.user_id:
        return message
    return replace(message, user_id=user_id, address=message.address or message.user_id)


def _join(connection: Connection, channel: str, stated: Sequence[str]) -> str:
    """Let everything that was known of several users be the first one's; that they are one is news."""
    its_channel = user_aliases.c.channel == channel
    joined = select(user_aliases.c.user_id).where(its_channel, user_aliases.c.alias.in_(stated))
    rows = connection.execute(
        select(user_aliases.c.user_id, user_aliases.c.noted_at)
        .where(its_channel, user_aliases.c.user_id.in_(joined))
        .order_by(user_aliases.c.alias)
        .with_for_update()
    ).all()
    first: str = min(rows, key=lambda row: (row.noted_at, row.user_id)).user_id
    connection.execute(
        update(user_aliases)
        .where(its_channel, user_aliases.c.user_id.in_({row.user_id for row in rows}))
        .values(user_id=first)
    )
    _carry_opt_out(connection, channel, sorted({row.user_id for row in rows} - {first}), first)
    return first


def _carry_opt_out(connection: Connection, channel: str, others: Sequence[str], first: str) -> None:
    """Whoever was left alone under one identity is left alone under all of them."""
    since = connection.execute(
        select(func.min(users.c.opted_out_at)).where(users.c.channel == channel, users.c.user_id.in_(others))
    ).scalar_one()
    if since is None:
        return
    row = upsert(users).values(channel=channel, user_id=first, opted_out_at=since)
    connection.execute(
        row.on_conflict_do_update(
            index_elements=[users.c.channel, users.c.user_id],
            set_={"opted_out_at": func.coalesce(users.c.opted_out_at, row.excluded.opted_out_at)},
        )
    )
