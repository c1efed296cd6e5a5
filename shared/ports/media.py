"""Files of messages: where they come from, where they are kept, what is known about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.media import MediaFile, MediaReference, StoredMedia


class MediaSource(Protocol):
    """A channel whose messages carry files."""

    async def fetch_media(self, reference: MediaReference, *, limit_bytes: int) -> MediaFile:
        """The file, of the size and hash that the provider stated.

        Raises:
            ProviderUnavailable: not now; the same file may be had later.
            MediaRefused: it is gone, too large, not what was stated, or lies where we do not go.
        """


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

        Raises:
            StoreUnavailable: no address.
        """


class MediaRecords(Protocol):
    """What is known about the files of a message."""

    async def of_message(self, message_id: str) -> tuple[StoredMedia, ...]:
        """The files in their order.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def note(self, message_id: str, references: Sequence[MediaReference], files: Sequence[StoredMedia]) -> None:
        """Note what became of the files; a file that is STORED already stays so.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """
