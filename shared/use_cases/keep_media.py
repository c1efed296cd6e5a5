"""The files of a message: fetched from their provider, checked, kept, and noted."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.domain.media import (
    MOST_FILES,
    MediaFailure,
    MediaFile,
    MediaPlace,
    MediaReference,
    MediaState,
    StoredMedia,
)
from shared.domain.voice_note import Unheard
from shared.errors import MediaRefused, NotFound, ProviderUnavailable, StoreUnavailable
from shared.observability import count, logger
from shared.ports.media import MediaRecords, MediaSource, MediaStore


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """What became of a file.

    Attributes:
        file: its content if it was fetched just now.
        unheard: why what is said in it is not known, if somebody listened.
    """

    reference: MediaReference
    stored: StoredMedia
    file: MediaFile | None = None
    unheard: Unheard | None = None


class KeepMedia:
    """Fetch what is still to be fetched; a file that cannot be had now stays PENDING for the hourly job."""

    def __init__(self, store: MediaStore, records: MediaRecords, *, patience_seconds: float = 10.0) -> None:
        """`patience_seconds` is for all files of a message together: its user waits."""
        self._store = store
        self._records = records
        self._patience_seconds = patience_seconds

    async def __call__(
        self, places: Sequence[MediaPlace], references: Sequence[MediaReference], source: MediaSource
    ) -> tuple[KeptFile, ...]:
        """What became of each file of a message, in their order.

        Raises:
            StoreUnavailable: what is known about the files cannot be read or noted.
        """
        known = await self._records.expect(places[0].message_id, references)
        kept = [
            KeptFile(reference=reference, stored=stored) for reference, stored in zip(references, known, strict=True)
        ]
        deadline = asyncio.get_running_loop().time() + self._patience_seconds
        for number, (place, one) in enumerate(zip(places, kept, strict=True)):
            if one.stored.state is MediaState.PENDING:
                kept[number] = await self._keep(place, one, source, deadline)
        return tuple(kept)

    async def keep_pending(self, place: MediaPlace, reference: MediaReference, source: MediaSource) -> MediaState:
        """Fetch one file for which nobody waits.

        Raises:
            StoreUnavailable: what became of it could not be noted.
        """
        stored = StoredMedia(position=place.position, mime_type=reference.mime_type, state=MediaState.PENDING)
        deadline = asyncio.get_running_loop().time() + self._patience_seconds
        kept = await self._keep(place, KeptFile(reference=reference, stored=stored), source, deadline)
        return kept.stored.state

    async def open(self, kept: KeptFile) -> MediaFile | None:
        """The content of a file, however long ago it was kept; None if it cannot be had."""
        if kept.file is not None or kept.stored.key is None:
            return kept.file
        try:
            return await self._store.get(kept.stored.key)
        except (StoreUnavailable, NotFound):
            logger.warning("media_not_opened", key=kept.stored.key)
            return None

    async def note_words(self, message_id: str, kept: KeptFile, words: str) -> KeptFile:
        """Note what is said in a voice note.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """
        stored = replace(kept.stored, transcript=words)
        await self._records.note(message_id, stored)
        return replace(kept, stored=stored)

    async def _keep(self, place: MediaPlace, one: KeptFile, source: MediaSource, deadline: float) -> KeptFile:
        if place.position >= MOST_FILES:
            return await self._refuse(place, one, MediaFailure.TOO_MANY)
        try:
            async with asyncio.timeout_at(deadline):
                file = await source.fetch_media(one.reference, limit_bytes=one.reference.limit_bytes)
                await self._store.put(place.key, file)
        except MediaRefused as error:
            return await self._refuse(place, one, error.reason)
        except (ProviderUnavailable, StoreUnavailable, TimeoutError) as error:
            count("media_fetched", channel=place.channel, outcome="pending")
            logger.warning("media_pending", position=place.position, reason=type(error.__cause__ or error).__name__)
            return one
        stored = replace(
            one.stored,
            state=MediaState.STORED,
            mime_type=file.mime_type,
            filename=file.filename,
            key=place.key,
            size_bytes=len(file.content),
            sha256=hashlib.sha256(file.content).hexdigest(),
            reason=None,
        )
        if not await self._records.note(place.message_id, stored):
            # The user was erased while the file was on its way.
            await self._store.delete([place.key])
            return one
        count("media_fetched", channel=place.channel, outcome="stored")
        logger.info("media_stored", position=place.position, size_bytes=stored.size_bytes)
        await source.discard_media(one.reference)
        return replace(one, stored=stored, file=file)

    async def _refuse(self, place: MediaPlace, one: KeptFile, reason: str) -> KeptFile:
        count("media_fetched", channel=place.channel, outcome="failed")
        logger.warning("media_failed", position=place.position, reason=reason)
        stored = replace(one.stored, state=MediaState.FAILED, reason=reason)
        await self._records.note(place.message_id, stored)
        return replace(one, stored=stored)
