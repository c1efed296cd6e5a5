"""Files of messages: where they come from, where they are kept, what is known about them, what is said in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from shared.domain.media import MediaFile, MediaReference, PendingMedia, StoredMedia


class MediaSource(Protocol):
    """A channel whose messages carry files."""

    async def fetch_media(self, reference: MediaReference, *, limit_bytes: int) -> MediaFile:
        """The file, of the size and hash that the provider stated.

        Raises:
            ProviderUnavailable: not now; the same file may be had later.
            MediaRefused: it is gone, too large, not what was stated, or lies where we do not go.
        """

    async def discard_media(self, reference: MediaReference) -> None:
        """Let the provider forget a file that we keep now, where it would hold it for ever; never raises."""


class MediaStore(Protocol):
    """Keeps the contents of files."""

    async def put(self, key: str, file: MediaFile) -> None:
        """Keep a file under the key; putting the same again is safe.

        Raises:
            StoreUnavailable: not kept.
        """

    async def get(self, key: str) -> MediaFile:
        """The file under the key.

        Raises:
            NotFound: there is none.
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def link(self, key: str, *, filename: str | None, ttl_seconds: int) -> str:
        """An address under which the file can be downloaded for a while without further authentication.

        A browser that follows it saves the file and never shows it.

        Raises:
            StoreUnavailable: no address.
        """

    async def delete(self, keys: Sequence[str]) -> int:
        """Remove what lies under the keys, with every older version; how many versions were removed.

        Keys without anything are no error.

        Raises:
            StoreUnavailable: some may be left; asking again is safe.
        """


class MediaRecords(Protocol):
    """What is known about the files of a message."""

    async def expect(self, message_id: str, references: Sequence[MediaReference]) -> tuple[StoredMedia, ...]:
        """Note files that are still to be fetched, and return what is known of each, in their order.

        Of files that were noted before, nothing changes.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def of_messages(self, message_ids: Sequence[str]) -> Mapping[str, tuple[StoredMedia, ...]]:
        """The files of each message that has any, in their order.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def note(self, message_id: str, file: StoredMedia) -> bool:
        """Note what became of a file that is expected; False when it is not, because its message was erased.

        A file that is STORED stays so, and keeps its words.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """

    async def pending(
        self, *, since: datetime, after: PendingMedia | None = None, limit: int
    ) -> tuple[PendingMedia, ...]:
        """Files that are expected since then or later and are still to be fetched, oldest message first.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def give_up(self, *, before: datetime) -> int:
        """Note that files that were expected earlier will never be had; how many there were.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """


class VoiceNotes(Protocol):
    """Hears what is said in a sound file."""

    async def words(self, note: MediaFile) -> str | None:
        """What is said; None when nobody speaks, or nothing can be understood.

        Raises:
            MediaRefused: nobody listens to it; `reason` is an `Unheard`.
            SpeechUnavailable: not now.
        """
