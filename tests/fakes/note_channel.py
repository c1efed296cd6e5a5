"""A text channel in memory that carries voice notes both ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.content import Content, FileContent, FileKind
from shared.domain.content_limits import ContentLimits, FileLimits
from shared.domain.media import MediaFile
from shared.domain.message import Delivery, Recipient
from shared.ports.channel import ChannelCapabilities
from tests.fakes.media import FakeMediaChannel

_FILES = {FileKind.VOICE: FileLimits(mime_types=frozenset({"audio/ogg"}), most_bytes=512 * 1024)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SentNote:
    """A voice note that the provider took; `file` is None where it fetches the content's link."""

    recipient: Recipient
    content: FileContent
    file: MediaFile | None


class FakeNoteChannel(FakeMediaChannel):
    """`note_failures` are raised first, one per voice note."""

    def __init__(
        self, files: Mapping[str, MediaFile | Exception | list[MediaFile | Exception]], *, takes_uploads: bool = True
    ) -> None:
        super().__init__(files)
        contents = ContentLimits(files=_FILES, takes_uploads=takes_uploads)
        self.capabilities = ChannelCapabilities(text_limit=4096, media=True, contents=contents)
        self.notes: list[SentNote] = []
        self.note_failures: list[Exception] = []

    async def deliver_content(
        self, recipient: Recipient, content: Content, *, file: MediaFile | None = None
    ) -> Delivery:
        if self.note_failures:
            raise self.note_failures.pop(0)
        assert isinstance(content, FileContent)
        self.notes.append(SentNote(recipient=recipient, content=content, file=file))
        return Delivery(text=content.as_turn, provider_message_ids=(f"note-{len(self.notes)}",))
