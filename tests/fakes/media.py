"""MediaStore, MediaRecords, MediaSource and VoiceNotes in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from shared.domain.media import (
    MediaFailure,
    MediaFile,
    MediaPlace,
    MediaReference,
    MediaState,
    PendingMedia,
    StoredMedia,
)
from shared.errors import MediaRefused, NotFound
from shared.ports.channel import ChannelCapabilities
from tests.fakes.memory_rows import MemoryRows
from tests.fakes.outbound_channel import FakeTextChannel


class FakeMediaStore:
    """Implements `MediaStore`; `files` holds what was put."""

    def __init__(self) -> None:
        self.files: dict[str, list[MediaFile]] = {}

    async def put(self, key: str, file: MediaFile) -> None:
        self.files.setdefault(key, []).append(replace(file, filename=None))

    async def get(self, key: str) -> MediaFile:
        if not self.files.get(key):
            raise NotFound("There is no such file.")
        return self.files[key][-1]

    async def link(self, key: str, *, filename: str | None, ttl_seconds: int) -> str:
        return f"https://media.example/{key}?filename={filename}&for={ttl_seconds}"

    async def delete(self, keys: Sequence[str]) -> int:
        return sum(len(self.files.pop(key, [])) for key in keys)


class FakeMediaRecords:
    """Implements `MediaRecords` beside the messages in `rows`."""

    def __init__(self, rows: MemoryRows) -> None:
        self._rows = rows
        self._known: dict[str, list[tuple[MediaReference, StoredMedia]]] = {}
        self._expected_at: dict[str, datetime] = {}

    async def expect(self, message_id: str, references: Sequence[MediaReference]) -> tuple[StoredMedia, ...]:
        self._expected_at.setdefault(message_id, self._rows.clock())
        self._known.setdefault(
            message_id,
            [
                (
                    reference,
                    StoredMedia(
                        position=position,
                        mime_type=reference.mime_type,
                        filename=reference.filename,
                        state=MediaState.PENDING,
                    ),
                )
                for position, reference in enumerate(references)
            ],
        )
        return await self.of_message(message_id)

    async def of_message(self, message_id: str) -> tuple[StoredMedia, ...]:
        """The files of one message, for tests."""
        return tuple(stored for _, stored in self._known.get(message_id, []))

    async def of_messages(self, message_ids: Sequence[str]) -> Mapping[str, tuple[StoredMedia, ...]]:
        return {
            message_id: await self.of_message(message_id) for message_id in message_ids if message_id in self._known
        }

    async def note(self, message_id: str, file: StoredMedia) -> bool:
        known = self._known.get(message_id, [])
        if file.position >= len(known):
            return False
        reference, before = known[file.position]
        transcript = before.transcript or file.transcript
        after = before if before.state is MediaState.STORED else file
        known[file.position] = (reference, replace(after, transcript=transcript))
        message = next((row for row in self._rows.messages if row.id == message_id), None)
        if message is not None and not message.text and transcript:
            message.text = transcript
        return True

    async def pending(
        self, *, since: datetime, after: PendingMedia | None = None, limit: int
    ) -> tuple[PendingMedia, ...]:
        rows = {row.id: number for number, row in enumerate(self._rows.messages)}
        begin = (-1, 0) if after is None else (rows[after.place.message_id], after.place.position)
        found = [
            PendingMedia(
                place=MediaPlace(message_id=row.id, channel=row.key.channel, sent_at=row.at, position=stored.position),
                reference=reference,
            )
            for row in self._rows.messages
            if row.id in self._known and self._expected_at[row.id] >= since
            for reference, stored in self._known.get(row.id, [])
            if stored.state is MediaState.PENDING and (rows[row.id], stored.position) > begin
        ]
        return tuple(found[:limit])

    async def give_up(self, *, before: datetime) -> int:
        given_up = 0
        for message_id, files in self._known.items():
            for position, (reference, stored) in enumerate(files):
                if stored.state is MediaState.PENDING and self._expected_at[message_id] < before:
                    files[position] = (reference, replace(stored, state=MediaState.FAILED, reason=MediaFailure.GONE))
                    given_up += 1
        return given_up

    def forget(self, message_id: str) -> None:
        """Erase what is known about a message's files."""
        self._known.pop(message_id, None)


class FakeMediaChannel(FakeTextChannel):
    """A text channel that is a `MediaSource` too: it has the files of `files`, by their ids.

    An exception in the place of a file is raised; in a list, one after the other. `discarded` holds what it was told
    to forget.
    """

    capabilities = ChannelCapabilities(text_limit=4096, media=True)

    def __init__(self, files: Mapping[str, MediaFile | Exception | list[MediaFile | Exception]]) -> None:
        super().__init__()
        self.files = dict(files)
        self.asked: list[tuple[str, int]] = []
        self.discarded: list[str] = []

    async def fetch_media(self, reference: MediaReference, *, limit_bytes: int) -> MediaFile:
        self.asked.append((reference.provider_id, limit_bytes))
        found = self.files.get(reference.provider_id, MediaRefused("It is gone.", reason="gone"))
        one = found.pop(0) if isinstance(found, list) else found
        if isinstance(one, Exception):
            raise one
        return one

    async def discard_media(self, reference: MediaReference) -> None:
        self.discarded.append(reference.provider_id)


class FakeVoiceNotes:
    """Implements `VoiceNotes`: hears what the table says of the content; an exception is raised."""

    def __init__(self, words: Mapping[bytes, str | Exception | None]) -> None:
        self._words = dict(words)
        self.heard: list[MediaFile] = []

    async def words(self, note: MediaFile) -> str | None:
        self.heard.append(note)
        words = self._words.get(note.content)
        if isinstance(words, Exception):
            raise words
        return words
