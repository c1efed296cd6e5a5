"""Nobody waits for ever to learn what is said in the files of a message."""

from __future__ import annotations

import asyncio

import pytest

from shared.domain.media import MediaFile, MediaReference
from shared.domain.message import MessageKind
from shared.domain.voice_note import VOICE_NOTE_TYPE
from shared.use_cases.keep_media import KeepMedia
from shared.use_cases.read_attachments import ReadAttachments
from tests.fakes.clock import FrozenClock
from tests.fakes.media import FakeMediaChannel
from tests.samples import NOON, a_message
from tests.shared.use_cases.house import LEASE_SECONDS, House


class NeverAnswers:
    def __init__(self) -> None:
        self.asked = 0

    async def words(self, note: MediaFile) -> str | None:
        self.asked += 1
        return await asyncio.Future()


@pytest.mark.parametrize("files", [1, 3])
async def test_a_listener_that_never_answers_is_given_up_for_all_files_together(clock: FrozenClock, files: int) -> None:
    clock.now = NOON
    house, listener = House(clock), NeverAnswers()
    note = MediaFile(content=b"OggS", mime_type="audio/ogg")
    channel = FakeMediaChannel({f"m{number}": note for number in range(files)})
    references = tuple(
        MediaReference(provider_id=f"m{number}", mime_type=VOICE_NOTE_TYPE, is_voice=True) for number in range(files)
    )
    message = a_message(kind=MessageKind.AUDIO, text="", media=references)
    claim = await house.history.claim(message, lease_seconds=LEASE_SECONDS)
    read = ReadAttachments(
        KeepMedia(house.media, house.media_records), reads={}, voice_notes=listener, patience_seconds=0.05
    )

    async with asyncio.timeout(5):
        found = await read(message, claim, channel)

    assert found.remark is not None
    assert "cannot listen to it at the moment" in found.remark
