"""MediaRecords over PostgreSQL: one row per file, written with its message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, and_, func, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as insert_or_leave

from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.schema import media, messages
from shared.domain.media import MediaFailure, MediaPlace, MediaReference, MediaState, PendingMedia, StoredMedia


class PostgresMediaRecords:
    """Implements `MediaRecords`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def expect(self, message_id: str, references: Sequence[MediaReference]) -> tuple[StoredMedia, ...]:
        """See `MediaRecords.expect`."""

        def work(connection: Connection) -> tuple[StoredMedia, ...]:
            expect_media(connection, message_id, references)
            return _of_messages(connection, [message_id]).get(message_id, ())

        return await self._database.run(work)

    async def of_messages(self, message_ids: Sequence[str]) -> Mapping[str, tuple[StoredMedia, ...]]:
        """See `MediaRecords.of_messages`."""
        if not message_ids:
            return {}
        return await self._database.run_alone(lambda connection: _of_messages(connection, message_ids))

    async def note(self, message_id: str, file: StoredMedia) -> bool:
        """See `MediaRecords.note`; the words of a voice note become the text of a message that has none."""
        return await self._database.run(lambda connection: _note(connection, message_id, file))

    async def pending(
        self, *, since: datetime, after: PendingMedia | None = None, limit: int
    ) -> tuple[PendingMedia, ...]:
        """See `MediaRecords.pending`; the partial index holds nothing else."""
        query = (
            select(media, messages.c.channel, messages.c.sent_at)
            .join(messages, messages.c.id == media.c.message_id)
            .where(media.c.state == MediaState.PENDING, media.c.noted_at >= since)
            .order_by(media.c.message_id, media.c.position)
            .limit(limit)
        )
        if after is not None:
            place = tuple_(media.c.message_id, media.c.position)
            message_id = literal(after.place.message_id, media.c.message_id.type)
            query = query.where(place > tuple_(message_id, after.place.position))

        def work(connection: Connection) -> tuple[PendingMedia, ...]:
            return tuple(_pending(row) for row in connection.execute(query))

        return await self._database.run(work)

    async def give_up(self, *, before: datetime) -> int:
        """See `MediaRecords.give_up`."""
        change = (
            update(media)
            .where(media.c.state == MediaState.PENDING, media.c.noted_at < before)
            .values(state=MediaState.FAILED, reason=MediaFailure.GONE)
        )
        return await self._database.run(lambda connection: connection.execute(change).rowcount)


def expect_media(connection: Connection, message_id: str, references: Sequence[MediaReference]) -> None:
    """Note the files of a message that are still to be fetched; those that are noted stay as they are."""
    if not references:
        return
    rows = [
        {
            "message_id": message_id,
            "position": position,
            "provider_id": reference.provider_id,
            "url": reference.url,
            "mime_type": reference.mime_type,
            "filename": reference.filename,
            "sha256": reference.sha256,
            "is_voice": reference.is_voice,
            "state": MediaState.PENDING,
        }
        for position, reference in enumerate(references)
    ]
    connection.execute(insert_or_leave(media).values(rows).on_conflict_do_nothing())


def _stored(row: Row[Any]) -> StoredMedia:
    state = MediaState(row.state)
    return StoredMedia(
        position=row.position,
        mime_type=row.mime_type,
        state=state,
        filename=row.filename,
        key=row.key,
        size_bytes=row.size_bytes,
        sha256=row.sha256 if state is MediaState.STORED else None,
        reason=row.reason,
        transcript=row.transcript,
    )


def _of_messages(connection: Connection, message_ids: Sequence[str]) -> dict[str, tuple[StoredMedia, ...]]:
    query = select(media).where(media.c.message_id.in_(message_ids)).order_by(media.c.message_id, media.c.position)
    rows = groupby(connection.execute(query), key=lambda row: row.message_id)
    return {message_id: tuple(_stored(row) for row in own) for message_id, own in rows}


def _note(connection: Connection, message_id: str, file: StoredMedia) -> bool:
    one = and_(media.c.message_id == message_id, media.c.position == file.position)
    found = connection.execute(select(media.c.state).where(one).with_for_update()).scalar_one_or_none()
    if found is None:
        return False
    if found != MediaState.STORED:
        known = {"mime_type": file.mime_type, "filename": file.filename, "state": file.state, "reason": file.reason}
        kept = {"key": file.key, "size_bytes": file.size_bytes, "sha256": file.sha256}
        stored = kept if file.state is MediaState.STORED else {}
        connection.execute(update(media).where(one).values(**known, **stored))
    if file.transcript is not None:
        words = func.coalesce(media.c.transcript, file.transcript)
        connection.execute(update(media).where(one).values(transcript=words))
        is_silent = and_(messages.c.id == message_id, messages.c.text == "")
        connection.execute(update(messages).where(is_silent).values(text=file.transcript))
    return True


def _pending(row: Row[Any]) -> PendingMedia:
    return PendingMedia(
        place=MediaPlace(message_id=row.message_id, channel=row.channel, sent_at=row.sent_at, position=row.position),
        reference=MediaReference(
            provider_id=row.provider_id,
            url=row.url,
            mime_type=row.mime_type,
            sha256=row.sha256,
            filename=row.filename,
            is_voice=row.is_voice,
        ),
    )
