"""PersonLinks over PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, tuple_

from shared.adapters.postgres.column_types import storable_text
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.identifiers import is_id, new_id
from shared.adapters.postgres.schema import person_links, user_aliases
from shared.domain.conversation import ConversationKey
from shared.domain.person_link import PersonLink
from shared.errors import NotFound

_KEY = tuple_(person_links.c.channel, person_links.c.user_id)
# One change of links at a time: two that share an identity would wait for each other.
_LOCK = 7_053_001


class PostgresPersonLinks:
    """Implements `PersonLinks`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def link(self, identities: Sequence[ConversationKey], *, noted_by: str) -> PersonLink:
        """See `PersonLinks.link`."""
        return await self._database.run(lambda connection: _link(connection, identities, noted_by))

    async def all(self, *, of: ConversationKey | None = None, after: str = "", limit: int) -> tuple[PersonLink, ...]:
        """See `PersonLinks.all`."""
        return await self._database.run(lambda connection: _all(connection, of, after, limit))

    async def unlink(self, person_id: str) -> PersonLink:
        """See `PersonLinks.unlink`."""
        if not is_id(person_id):
            raise NotFound("There is no such link.")
        return await self._database.run(lambda connection: _unlink(connection, person_id))


def _link(connection: Connection, identities: Sequence[ConversationKey], noted_by: str) -> PersonLink:
    connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    keys = sorted({_kept_form(connection, key) for key in identities})
    earlier = connection.execute(
        select(person_links).where(person_links.c.person_id.in_(select(person_links.c.person_id).where(_KEY.in_(keys))))
    ).all()
    if {(row.channel, row.user_id) for row in earlier} == set(keys):
        people = _people(earlier)
        if len(people) == 1:
            return people[0]
    connection.execute(delete(person_links).where(_KEY.in_(keys)))
    _drop_single(connection, {row.person_id for row in earlier})
    person_id = new_id()
    rows = [
        {"channel": channel, "user_id": user_id, "person_id": person_id, "noted_by": storable_text(noted_by)}
        for channel, user_id in keys
    ]
    kept = connection.execute(insert(person_links).values(rows).returning(person_links)).all()
    return _people(kept)[0]


def _all(connection: Connection, of: ConversationKey | None, after: str, limit: int) -> tuple[PersonLink, ...]:
    wanted = select(person_links.c.person_id).group_by(person_links.c.person_id)
    if of is not None:
        channel, user_id = _kept_form(connection, of)
        wanted = wanted.where(person_links.c.channel == channel, person_links.c.user_id == user_id)
    if is_id(after):
        wanted = wanted.where(person_links.c.person_id > after)
    wanted = wanted.order_by(person_links.c.person_id).limit(limit)
    return _people(connection.execute(select(person_links).where(person_links.c.person_id.in_(wanted))).all())


def _unlink(connection: Connection, person_id: str) -> PersonLink:
    gone = connection.execute(
        delete(person_links).where(person_links.c.person_id == person_id).returning(person_links)
    ).all()
    if not gone:
        raise NotFound("There is no such link.")
    return _people(gone)[0]


def _kept_form(connection: Connection, key: ConversationKey) -> tuple[str, str]:
    """The identity under which the user's conversations are kept."""
    stated = storable_text(key.user_id)
    known = connection.execute(
        select(user_aliases.c.user_id).where(user_aliases.c.channel == key.channel, user_aliases.c.alias == stated)
    ).scalar_one_or_none()
    return key.channel, known or stated


def _drop_single(connection: Connection, person_ids: set[str]) -> None:
    """Nobody is linked with nobody."""
    single = (
        select(person_links.c.person_id)
        .where(person_links.c.person_id.in_(person_ids))
        .group_by(person_links.c.person_id)
        .having(func.count() == 1)
    )
    connection.execute(delete(person_links).where(person_links.c.person_id.in_(single)))


def _people(rows: Sequence[Row[Any]]) -> tuple[PersonLink, ...]:
    ordered = sorted(rows, key=lambda row: (row.person_id, row.channel, row.user_id))
    people = []
    for person_id, own in groupby(ordered, key=lambda row: row.person_id):
        identities = list(own)
        people.append(
            PersonLink(
                person_id=person_id,
                identities=tuple(ConversationKey(channel=row.channel, user_id=row.user_id) for row in identities),
                noted_by=identities[0].noted_by,
                linked_at=max(row.linked_at for row in identities),
            )
        )
    return tuple(people)
