"""Files that travel with messages: what a provider says of one, its content, and where we keep it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
