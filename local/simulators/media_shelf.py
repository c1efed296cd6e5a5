"""The files that the simulated providers hold: uploaded by the business, or sent by users."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections import OrderedDict
from dataclasses import dataclass

MOST_FILES = 2000
MOST_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A file with the type that was stated for it."""

    mime_type: str
    content: bytes

    @property
    def sha256(self) -> str:
        """Hexadecimal digits, as the Graph API tells them."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def sha256_base64(self) -> str:
        """Base64, as Meta's webhooks tell it."""
        return base64.b64encode(hashlib.sha256(self.content).digest()).decode()


class MediaShelf:
    """The newest files; the oldest give way when there are too many or they are too large together."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, Media] = OrderedDict()
        self._size_bytes = 0

    def keep(self, media: Media, *, media_id: str | None = None) -> str:
        """Hold a file and return its id: Meta's form unless one is given."""
        media_id = media_id or str(secrets.randbelow(9 * 10**14) + 10**14)
        self._files[media_id] = media
        self._size_bytes += len(media.content)
        while len(self._files) > MOST_FILES or (self._size_bytes > MOST_BYTES and len(self._files) > 1):
            self.remove(next(iter(self._files)))
        return media_id

    def find(self, media_id: str) -> Media | None:
        """The file with this id."""
        return self._files.get(media_id)

    def remove(self, media_id: str) -> bool:
        """Drop a file; whether there was one."""
        media = self._files.pop(media_id, None)
        self._size_bytes -= 0 if media is None else len(media.content)
        return media is not None


def corrupted(content: bytes) -> bytes:
    """The same size, and one byte that is wrong."""
    return content[:-1] + bytes([content[-1] ^ 0xFF]) if content else content
