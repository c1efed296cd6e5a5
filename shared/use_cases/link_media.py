"""The files of messages, with addresses under which they can be downloaded for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shared.domain.media import LinkedMedia, StoredMedia
from shared.ports.history import StoredMessage
from shared.ports.media import MediaRecords, MediaStore

MEDIA_LINK_SECONDS = 300


class LinkMedia:
    """Adds to messages what is known of their files."""

    def __init__(self, records: MediaRecords, store: MediaStore) -> None:
        self._records = records
        self._store = store

    async def __call__(self, messages: Sequence[StoredMessage]) -> tuple[StoredMessage, ...]:
        """The same messages with their files.

        Raises:
            StoreUnavailable: nothing is known of the files, or there is no address.
        """
        files = await self._records.of_messages([message.id for message in messages])
        return tuple([await self._with_files(message, files.get(message.id, ())) for message in messages])

    async def _with_files(self, message: StoredMessage, files: Sequence[StoredMedia]) -> StoredMessage:
        return replace(message, media=tuple([await self._linked(file) for file in files])) if files else message

    async def _linked(self, file: StoredMedia) -> LinkedMedia:
        url = None
        if file.key is not None:
            url = await self._store.link(file.key, filename=file.filename, ttl_seconds=MEDIA_LINK_SECONDS)
        return LinkedMedia(
            position=file.position,
            mime_type=file.mime_type,
            filename=file.filename,
            size_bytes=file.size_bytes,
            state=file.state,
            reason=file.reason,
            transcript=file.transcript,
            url=url,
        )
