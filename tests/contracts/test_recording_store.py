"""What every RecordingStore promises."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.adapters.aws.s3 import S3RecordingStore
from shared.ports.stores import RecordingStore
from tests.contracts.conftest import REAL
from tests.fakes.stores import FakeRecordingStore

STARTED = datetime(2026, 3, 2, 23, 59, tzinfo=UTC)
SECOND = b"\xff\x00" * 8000
"""One second: silence from the caller, full scale from the agent."""


@pytest.fixture(params=["fake", REAL])
def recordings(request: pytest.FixtureRequest) -> RecordingStore:
    if request.param == "fake":
        return FakeRecordingStore()
    return S3RecordingStore(request.getfixturevalue("bucket"), request.getfixturevalue("s3"))


async def test_a_call_without_parts_has_no_recording(recordings: RecordingStore) -> None:
    assert await recordings.assemble("CA1", started_at=STARTED) is None


@pytest.mark.requirement("2.5")
@pytest.mark.requirement("17.4")
async def test_parts_become_one_recording_named_after_the_call(recordings: RecordingStore) -> None:
    for start_ms in (0, 1000, 2000):
        await recordings.put_part("CA1", started_at=STARTED, start_ms=start_ms, stereo_mulaw=SECOND)

    assembled = await recordings.assemble("CA1", started_at=STARTED)

    assert assembled == ("recordings/2026/03/02/CA1/recording.wav", 3000)


async def test_assembling_again_gives_the_same(recordings: RecordingStore) -> None:
    await recordings.put_part("CA1", started_at=STARTED, start_ms=0, stereo_mulaw=SECOND)
    first = await recordings.assemble("CA1", started_at=STARTED)

    again = await recordings.assemble("CA1", started_at=STARTED)

    assert again == first


async def test_a_part_that_is_put_again_counts_once(recordings: RecordingStore) -> None:
    for _ in range(2):
        await recordings.put_part("CA1", started_at=STARTED, start_ms=0, stereo_mulaw=SECOND)

    assert await recordings.assemble("CA1", started_at=STARTED) == ("recordings/2026/03/02/CA1/recording.wav", 1000)


async def test_parts_that_come_after_the_end_are_added(recordings: RecordingStore) -> None:
    await recordings.put_part("CA1", started_at=STARTED, start_ms=0, stereo_mulaw=SECOND)
    await recordings.assemble("CA1", started_at=STARTED)
    await recordings.put_part("CA1", started_at=STARTED, start_ms=1000, stereo_mulaw=SECOND)

    assembled = await recordings.assemble("CA1", started_at=STARTED)

    assert assembled == ("recordings/2026/03/02/CA1/recording.wav", 2000)


async def test_what_is_missing_keeps_its_place(recordings: RecordingStore) -> None:
    await recordings.put_part("CA1", started_at=STARTED, start_ms=4000, stereo_mulaw=SECOND)
    await recordings.put_part("CA1", started_at=STARTED, start_ms=1000, stereo_mulaw=SECOND)

    assembled = await recordings.assemble("CA1", started_at=STARTED)

    assert assembled == ("recordings/2026/03/02/CA1/recording.wav", 5000)


async def test_a_part_that_comes_late_goes_to_its_place(recordings: RecordingStore) -> None:
    await recordings.put_part("CA1", started_at=STARTED, start_ms=2000, stereo_mulaw=SECOND)
    await recordings.assemble("CA1", started_at=STARTED)
    await recordings.put_part("CA1", started_at=STARTED, start_ms=0, stereo_mulaw=SECOND)

    assembled = await recordings.assemble("CA1", started_at=STARTED)

    assert assembled == ("recordings/2026/03/02/CA1/recording.wav", 3000)


async def test_calls_are_recorded_apart(recordings: RecordingStore) -> None:
    await recordings.put_part("CA1", started_at=STARTED, start_ms=0, stereo_mulaw=SECOND)

    assert await recordings.assemble("CA", started_at=STARTED) is None
    assert await recordings.assemble("CA2", started_at=STARTED) is None


async def test_a_link_leads_to_the_recording(recordings: RecordingStore) -> None:
    await recordings.put_part("CA1", started_at=STARTED, start_ms=0, stereo_mulaw=SECOND)
    key, _ = await recordings.assemble("CA1", started_at=STARTED) or ("", 0)

    link = await recordings.link(key, ttl_seconds=300)

    assert link.startswith("http")
    assert key in link
