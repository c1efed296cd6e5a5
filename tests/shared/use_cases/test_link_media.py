from __future__ import annotations

from shared.domain.media import MediaFile, MediaReference
from shared.domain.message import MessageKind
from shared.ports.history import StoredMessage
from shared.use_cases.link_media import LinkMedia
from tests.fakes.clock import FrozenClock
from tests.fakes.media import FakeMediaChannel
from tests.fakes.memory_history_reader import MemoryHistoryReader
from tests.samples import NOON, a_message
from tests.shared.use_cases.house import House

PICTURE = MediaFile(content=b"\xff\xd8\xff picture", mime_type="image/jpeg", filename="cat.jpg")


async def linked(house: House, *ids: str) -> StoredMessage:
    """The user's message with these files, of which the provider has one."""
    media = tuple(MediaReference(provider_id=name, mime_type="image/jpeg") for name in ids)
    message = a_message(kind=MessageKind.IMAGE, text="", media=media)
    await house.answer(message, FakeMediaChannel({"picture": PICTURE}))
    said = await MemoryHistoryReader(house.rows).messages(house.rows.messages[0].conversation_id, cursor=None, limit=10)
    link = LinkMedia(house.media_records, house.media)
    return (await link(said.items))[0]


async def test_a_kept_file_has_an_address_for_a_while_and_its_name(clock: FrozenClock) -> None:
    clock.now = NOON

    (file,) = (await linked(House(clock), "picture")).media

    assert (file.state, file.filename, file.size_bytes) == ("stored", "cat.jpg", len(PICTURE.content))
    assert file.url is not None
    assert file.url.endswith("?filename=cat.jpg&for=300")


async def test_a_file_that_is_not_kept_has_a_reason_and_no_address(clock: FrozenClock) -> None:
    clock.now = NOON

    files = (await linked(House(clock), "missing", "picture")).media

    assert [(file.position, file.state, file.reason, file.url is None) for file in files] == [
        (0, "failed", "gone", True),
        (1, "stored", None, False),
    ]


async def test_a_message_without_files_has_none(clock: FrozenClock) -> None:
    clock.now = NOON

    assert (await linked(House(clock))).media == ()
