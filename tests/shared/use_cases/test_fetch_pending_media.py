from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.media import MediaFile, MediaReference
from shared.domain.message import MessageKind
from shared.errors import MediaRefused, ProviderUnavailable
from shared.ports.channel import ChannelCapabilities
from shared.use_cases.fetch_pending_media import FetchPendingMedia, MediaReport
from shared.use_cases.keep_media import KeepMedia
from tests.fakes.clock import FrozenClock
from tests.fakes.media import FakeMediaChannel
from tests.samples import NOON, a_message
from tests.shared.use_cases.house import House

PICTURE = MediaFile(content=b"\xff\xd8\xff picture", mime_type="image/jpeg")
NOT_NOW = ProviderUnavailable("Not now.")


@pytest.fixture
def house(clock: FrozenClock) -> House:
    clock.now = NOON
    return House(clock)


def never() -> bool:
    return False


async def fetch(house: House, channel: Any, *, should_stop: Callable[[], bool] = never) -> MediaReport:
    keep = KeepMedia(house.media, house.media_records)
    return await FetchPendingMedia(keep, house.media_records, {"whatsapp": channel}, house.clock)(
        should_stop=should_stop
    )


async def left_pending(house: House, **files: MediaFile | Exception) -> FakeMediaChannel:
    """A channel whose provider had these files at the second time of asking."""
    channel = FakeMediaChannel({name: [NOT_NOW, found] for name, found in files.items()})
    for name in files:
        media = (MediaReference(provider_id=name, mime_type="image/jpeg"),)
        await house.answer(a_message(kind=MessageKind.IMAGE, text="", media=media), channel)
    return channel


async def states(house: House) -> list[tuple[str, str | None]]:
    files = [await house.media_records.of_message(row.id) for row in house.rows.messages]
    return [(file.state.value, file.reason) for each in files for file in each]


async def test_a_pending_file_is_stored_later_and_the_user_is_not_told_again(house: House) -> None:
    channel = await left_pending(house, one=PICTURE)

    report = await fetch(house, channel)

    assert report == MediaReport(stored=1)
    assert await states(house) == [("stored", None)]
    assert len(house.media.files) == 1
    assert len(channel.accepted) == 1


async def test_one_file_that_stays_away_does_not_hold_up_the_others(house: House) -> None:
    channel = await left_pending(house, one=NOT_NOW, two=PICTURE, three=MediaRefused("No.", reason="gone"))

    report = await fetch(house, channel)

    assert report == MediaReport(stored=1, failed=1, pending=1)
    assert await states(house) == [("pending", None), ("stored", None), ("failed", "gone")]


async def test_every_page_is_fetched(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.use_cases.fetch_pending_media._AT_ONCE", 2)
    channel = await left_pending(house, **{f"file-{number}": PICTURE for number in range(5)})

    assert await fetch(house, channel) == MediaReport(stored=5)


async def test_a_file_that_is_older_than_a_week_is_given_up(house: House) -> None:
    channel = await left_pending(house, one=PICTURE)
    house.clock.now += timedelta(days=7, seconds=1)

    report = await fetch(house, channel)

    assert report == MediaReport()
    assert await states(house) == [("failed", "gone")]


async def test_a_channel_that_fetches_no_files_never_will(house: House) -> None:
    channel = await left_pending(house, one=PICTURE)
    channel.capabilities = ChannelCapabilities()

    report = await fetch(house, channel)

    assert report == MediaReport(failed=1)
    assert await states(house) == [("failed", "no_source")]


async def test_it_stops_between_files_when_it_is_told_to(house: House) -> None:
    channel = await left_pending(house, one=PICTURE, two=PICTURE)
    told = iter([False, True])

    report = await fetch(house, channel, should_stop=lambda: next(told))

    assert report == MediaReport(stored=1, is_complete=False)
