"""Files that travel with messages: what a provider says of one, its content, and where we keep it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

MOST_FILES = 10
"""Of one message; no provider sends more."""

LARGEST_FILE_BYTES = 25 * 2**20
"""What a worker holds in memory at once. Meta carries documents of four times that."""

# What the providers themselves carry. Source: WhatsApp Business Platform, "Media", "Supported media types".
_LARGEST_BYTES = {"image": 5 * 2**20, "audio": 16 * 2**20, "video": 16 * 2**20}


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaReference:
    """A file of an inbound message as its provider describes it; nothing here is proved yet.

    Attributes:
        provider_id: the id to ask the provider by; empty where it gives only an address.
        url: the address it gave; empty where it gives only an id.
        sha256: the content's hash in Base64 or hexadecimal digits, if the provider says it.
        is_voice: recorded with the microphone to be heard as speech, not a sound file.
    """

    provider_id: str = ""
    url: str = ""
    mime_type: str = ""
    sha256: str | None = None
    filename: str | None = None
    is_voice: bool = False

    @property
    def is_audible(self) -> bool:
        """Whether there may be words to hear in it."""
        return self.is_voice or family_of(self.mime_type) == "audio"

    @property
    def limit_bytes(self) -> int:
        """More than so much cannot be what its provider says that it is, or is more than we hold."""
        return min(_LARGEST_BYTES.get(family_of(self.mime_type), LARGEST_FILE_BYTES), LARGEST_FILE_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    """The content of a file, with the type that it was found to have."""

    content: bytes
    mime_type: str
    filename: str | None = None


class MediaState(StrEnum):
    """PENDING: not fetched yet, or not this time. STORED: kept by us. FAILED: never will be; `reason` says why."""

    PENDING = "pending"
    STORED = "stored"
    FAILED = "failed"


class MediaFailure(StrEnum):
    """Why a file of a message is not kept.

    GONE: the provider has it no longer. TOO_LARGE: more than its type may have, or than we hold. WRONG_HASH and
    WRONG_TYPE: not what the provider said that it is. FOREIGN_HOST: at an address that is not the provider's. EMPTY:
    without content. TOO_MANY: its message has more files than any should. NO_SOURCE: its channel cannot fetch files.
    """

    GONE = "gone"
    TOO_LARGE = "too_large"
    WRONG_HASH = "wrong_hash"
    WRONG_TYPE = "wrong_type"
    FOREIGN_HOST = "foreign_host"
    EMPTY = "empty"
    TOO_MANY = "too_many"
    NO_SOURCE = "no_source"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMedia:
    """A file of a message as it is kept.

    Attributes:
        position: its place among the files of its message, from 0.
        key: where its content lies; None unless it is STORED.
        transcript: the words of a voice note, once they were recognised.
    """

    position: int
    mime_type: str
    state: MediaState
    filename: str | None = None
    key: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    reason: str | None = None
    transcript: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedMedia:
    """A file of a message for those who may see it; `url` works for a while, None unless it is STORED."""

    position: int
    mime_type: str
    filename: str | None
    size_bytes: int | None
    state: MediaState
    reason: str | None
    transcript: str | None
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaPlace:
    """Where a file belongs: its message and its position there; the names under which it is kept follow from it."""

    message_id: str
    channel: str
    sent_at: datetime
    position: int

    @property
    def key(self) -> str:
        """The name of its content in the store."""
        day = self.sent_at.astimezone(UTC)
        return f"media/{day:%Y/%m/%d}/{self.channel}/{self.message_id}/{self.position}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingMedia:
    """A file that is still to be fetched."""

    place: MediaPlace
    reference: MediaReference


def family_of(mime_type: str) -> str:
    """The first part of a type: `image` of `image/png`."""
    return mime_type.partition("/")[0].strip().lower()


def plain_type(mime_type: str) -> str:
    """A type without its parameters: `audio/ogg` of `audio/ogg; codecs=opus`."""
    return mime_type.partition(";")[0].strip().lower()
