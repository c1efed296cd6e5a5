"""Two voices on one time line, and the parts that carry it to the store."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.call import Call, CallDirection, CallState
from shared.errors import StoreUnavailable
from stream_service.media.audio import BYTES_PER_MS, FRAME_BYTES, FRAME_MS, MULAW_SILENCE, decode_mulaw
from stream_service.recording import LONGEST_QUEUE_MS, PART_MS, Recording, StereoTimeline
from tests.fakes.stores import FakeRecordingStore

CALLER = bytes([1]) * FRAME_BYTES
AGENT = bytes([2]) * FRAME_BYTES
SILENCE = bytes([MULAW_SILENCE]) * FRAME_BYTES
STARTED = datetime(2026, 3, 2, 12, tzinfo=UTC)
FIRST = Call(
    call_sid="CA1",
    conversation_id="c1",
    caller_id="919800000001",
    business_id="918000000000",
    direction=CallDirection.INBOUND,
    state=CallState.LIVE,
    started_at=STARTED,
)
RESUMED = Call(
    call_sid="CA1",
    conversation_id="c1",
    caller_id="919800000001",
    business_id="918000000000",
    direction=CallDirection.INBOUND,
    state=CallState.LIVE,
    started_at=STARTED,
    answered_at=STARTED + timedelta(seconds=3),
)


def channels(timeline: StereoTimeline) -> tuple[bytes, bytes]:
    """Caller and agent, apart again."""
    part = timeline.take(at_least_ms=1)
    assert part is not None
    return part.stereo_mulaw[::2], part.stereo_mulaw[1::2]


def test_the_agent_is_heard_from_the_moment_it_was_played() -> None:
    timeline = StereoTimeline()
    timeline.hear_caller(CALLER, timestamp_ms=0)
    timeline.play_agent(AGENT)
    timeline.hear_caller(CALLER, timestamp_ms=FRAME_MS)

    assert channels(timeline) == (CALLER * 2, SILENCE + AGENT)


def test_what_was_cleared_was_never_heard() -> None:
    timeline = StereoTimeline()
    timeline.play_agent(AGENT * 3)
    timeline.hear_caller(CALLER, timestamp_ms=0)

    timeline.clear()
    timeline.hear_caller(CALLER, timestamp_ms=FRAME_MS)

    assert channels(timeline) == (CALLER * 2, AGENT + SILENCE)


def test_audio_that_twilio_left_out_is_silence_on_both_sides_of_time() -> None:
    timeline = StereoTimeline()
    timeline.hear_caller(CALLER, timestamp_ms=0)
    timeline.hear_caller(CALLER, timestamp_ms=3 * FRAME_MS)

    assert channels(timeline)[0] == CALLER + SILENCE * 2 + CALLER
    assert timeline.position_ms == 4 * FRAME_MS


def test_a_long_hole_takes_no_memory_and_keeps_its_length() -> None:
    timeline = StereoTimeline()
    timeline.hear_caller(CALLER, timestamp_ms=0)
    timeline.hear_caller(CALLER, timestamp_ms=600_000)

    before, behind = timeline.take(at_least_ms=PART_MS), timeline.take(at_least_ms=1)
    assert before is not None
    assert behind is not None
    assert (before.start_ms, len(before.stereo_mulaw)) == (0, 2 * (FRAME_MS + 5000) * BYTES_PER_MS)
    assert (behind.start_ms, behind.stereo_mulaw[::2]) == (600_000, CALLER)


def test_a_mad_timestamp_changes_nothing() -> None:
    timeline = StereoTimeline()

    timeline.hear_caller(CALLER, timestamp_ms=10**12)

    assert timeline.position_ms == FRAME_MS


def test_more_of_the_agent_than_fits_is_silence_of_the_same_length() -> None:
    timeline = StereoTimeline()
    timeline.play_agent(AGENT * (LONGEST_QUEUE_MS // FRAME_MS))
    timeline.play_agent(AGENT)
    for frame in range(LONGEST_QUEUE_MS // FRAME_MS):
        timeline.hear_caller(CALLER, timestamp_ms=frame * FRAME_MS)
    timeline.take(at_least_ms=1)

    timeline.hear_caller(CALLER, timestamp_ms=LONGEST_QUEUE_MS)
    timeline.play_agent(AGENT)
    timeline.hear_caller(CALLER, timestamp_ms=LONGEST_QUEUE_MS + FRAME_MS)

    assert channels(timeline)[1] == SILENCE + AGENT


def test_nothing_is_taken_before_a_part_is_full() -> None:
    timeline = StereoTimeline()
    timeline.hear_caller(CALLER, timestamp_ms=0)

    assert timeline.take(at_least_ms=FRAME_MS + 1) is None
    assert timeline.take(at_least_ms=FRAME_MS) is not None


class Model:
    """What a caller and an agent hear of one another, byte by byte, as long as it takes."""

    def __init__(self) -> None:
        self.left = bytearray()
        self.right = bytearray()
        self.queue = bytearray()

    def hear(self, mulaw: bytes, timestamp_ms: int) -> None:
        missing = max(0, timestamp_ms * BYTES_PER_MS - len(self.left))
        self.left += bytes([MULAW_SILENCE]) * missing + mulaw
        due = len(self.left) - len(self.right)
        self.right += self.queue[:due].ljust(due, bytes([MULAW_SILENCE]))
        del self.queue[:due]


Step = tuple[str, int, int]
steps = st.lists(
    st.one_of(
        st.tuples(st.just("hear"), st.integers(0, 400), st.integers(0, 40)),
        # Sometimes long enough to be a hole; the position grows by little, so that the model stays quick.
        st.tuples(st.just("hear"), st.just(160), st.sampled_from([0, 5, 6000])),
        st.tuples(st.just("play"), st.integers(0, 2000), st.just(0)),
        st.tuples(st.sampled_from(["clear", "take"]), st.just(0), st.just(0)),
    ),
    max_size=40,
)


@settings(deadline=None)
@given(steps)
def test_the_parts_laid_out_by_their_starts_are_what_was_heard(taken: list[Step]) -> None:
    timeline, model = StereoTimeline(), Model()
    parts = []
    for number, (step, length, gap_ms) in enumerate(taken):
        content = bytes([number]) * length
        match step:
            case "hear":
                timestamp_ms = timeline.position_ms + gap_ms
                timeline.hear_caller(content, timestamp_ms=timestamp_ms)
                model.hear(content, timestamp_ms)
            case "play":
                timeline.play_agent(content)
                model.queue += content
            case "clear":
                timeline.clear()
                model.queue.clear()
            case _:
                parts.append(timeline.take(at_least_ms=20))
        assert timeline.position_ms == len(model.left) // BYTES_PER_MS
        assert timeline.queued_ms == len(model.queue) // BYTES_PER_MS
    while (part := timeline.take(at_least_ms=1)) is not None:
        parts.append(part)

    whole = len(model.left) // BYTES_PER_MS * BYTES_PER_MS
    laid_out = bytearray([MULAW_SILENCE]) * (2 * whole)
    for part in filter(None, parts):
        start = part.start_ms * BYTES_PER_MS * 2
        assert set(laid_out[start : start + len(part.stereo_mulaw)]) <= {MULAW_SILENCE}
        laid_out[start : start + len(part.stereo_mulaw)] = part.stereo_mulaw
    assert laid_out[::2] == model.left[:whole]
    assert laid_out[1::2] == model.right[:whole]


class FlakyStore(FakeRecordingStore):
    """Refuses so many parts before it takes them."""

    def __init__(self, refusals: int) -> None:
        super().__init__()
        self.refusals = refusals
        self.asked = 0

    async def put_part(self, call_sid: str, *, started_at: datetime, start_ms: int, stereo_mulaw: bytes) -> None:
        self.asked += 1
        if self.refusals:
            self.refusals -= 1
            raise StoreUnavailable("S3 gave no answer.")
        await super().put_part(call_sid, started_at=started_at, start_ms=start_ms, stereo_mulaw=stereo_mulaw)

    @property
    def starts_ms(self) -> list[int]:
        return sorted(start for parts in self.parts.values() for start in parts)


def speak(recording: Recording, milliseconds: int) -> None:
    """Let the caller say something for so long, in frames as Twilio sends them."""
    for _ in range(milliseconds // FRAME_MS):
        recording.timeline.hear_caller(CALLER, timestamp_ms=recording.timeline.position_ms)


async def keep_ready(recording: Recording) -> None:
    part = recording.next_part()
    assert part is not None
    await recording.keep(part)


async def test_parts_of_the_first_stream_begin_at_nought() -> None:
    store = FlakyStore(refusals=0)
    recording = Recording(FIRST, store, now=STARTED + timedelta(milliseconds=70))
    speak(recording, PART_MS)
    await keep_ready(recording)
    speak(recording, 500)

    await recording.finish()

    assert store.starts_ms == [0, PART_MS]
    assert recording.now_ms == PART_MS + 500


async def test_parts_of_a_call_that_came_back_begin_where_the_call_is() -> None:
    store = FlakyStore(refusals=0)
    recording = Recording(RESUMED, store, now=STARTED + timedelta(seconds=45))
    speak(recording, 1000)

    await recording.finish()

    assert (recording.offset_ms, recording.now_ms, store.starts_ms) == (42_000, 43_000, [42_000])


async def test_a_part_is_tried_again_while_the_store_is_down() -> None:
    store = FlakyStore(refusals=2)
    recording = Recording(FIRST, store, now=STARTED, pauses_seconds=(0, 0))
    speak(recording, PART_MS)

    await keep_ready(recording)

    assert (store.asked, store.starts_ms) == (3, [0])


async def test_a_store_that_stays_down_costs_the_part_and_shifts_nothing() -> None:
    store = FlakyStore(refusals=3)
    recording = Recording(FIRST, store, now=STARTED, pauses_seconds=(0, 0))
    speak(recording, PART_MS)
    await keep_ready(recording)
    speak(recording, 1000)

    await recording.finish()

    assert store.starts_ms == [PART_MS]
    assert await store.assemble("CA1", started_at=STARTED) is not None


async def test_a_store_that_hangs_holds_no_more_than_a_few_parts() -> None:
    hanging = asyncio.Event()
    kept: list[int] = []

    class Hanging(FakeRecordingStore):
        async def put_part(self, call_sid: str, *, started_at: datetime, start_ms: int, stereo_mulaw: bytes) -> None:
            await hanging.wait()
            kept.append(start_ms)

    recording = Recording(FIRST, Hanging(), now=STARTED)
    keeping = []
    for _ in range(10):
        speak(recording, PART_MS)
        keeping.append(asyncio.create_task(keep_ready(recording)))
        await asyncio.sleep(0)

    hanging.set()
    await asyncio.gather(*keeping)

    assert kept == [0, PART_MS, 2 * PART_MS]


async def test_a_part_whose_keeping_was_cancelled_is_kept_at_the_end() -> None:
    asked = asyncio.Event()

    class SlowOnce(FlakyStore):
        async def put_part(self, call_sid: str, *, started_at: datetime, start_ms: int, stereo_mulaw: bytes) -> None:
            if not asked.is_set():
                asked.set()
                await asyncio.Event().wait()
            await super().put_part(call_sid, started_at=started_at, start_ms=start_ms, stereo_mulaw=stereo_mulaw)

    store = SlowOnce(refusals=0)
    recording = Recording(FIRST, store, now=STARTED)
    speak(recording, PART_MS)
    keeping = asyncio.create_task(keep_ready(recording))
    await asked.wait()
    keeping.cancel()
    await asyncio.wait({keeping})

    await recording.finish()

    assert store.starts_ms == [0]


async def test_a_part_that_is_being_kept_at_the_end_is_not_put_twice() -> None:
    may_go_on, asked = asyncio.Event(), asyncio.Event()

    class Slow(FlakyStore):
        async def put_part(self, call_sid: str, *, started_at: datetime, start_ms: int, stereo_mulaw: bytes) -> None:
            asked.set()
            await may_go_on.wait()
            await super().put_part(call_sid, started_at=started_at, start_ms=start_ms, stereo_mulaw=stereo_mulaw)

    store = Slow(refusals=0)
    recording = Recording(FIRST, store, now=STARTED)
    speak(recording, PART_MS)
    keeping = asyncio.create_task(keep_ready(recording))
    await asked.wait()
    speak(recording, 1000)
    finishing = asyncio.create_task(recording.finish())
    await asyncio.sleep(0)
    may_go_on.set()

    await asyncio.gather(keeping, finishing)

    assert (store.asked, store.starts_ms) == (2, [0, PART_MS])


@pytest.mark.requirement("2.5")
async def test_what_was_said_lies_where_the_transcript_says_though_the_stream_was_lost() -> None:
    """A task dies between two parts; the next one goes on 40 s later. The last 3 s of the first are gone."""
    store = FakeRecordingStore()
    first = Recording(FIRST, store, now=STARTED)
    places = {}
    for said in (10, 20):
        places[said] = first.now_ms
        first.timeline.hear_caller(bytes([said]) * FRAME_BYTES, timestamp_ms=first.timeline.position_ms)
        speak(first, PART_MS - FRAME_MS)
        await keep_ready(first)
    speak(first, 3000)
    second = Recording(RESUMED, store, now=STARTED + timedelta(seconds=43))
    speak(second, 500)
    places[30] = second.now_ms
    second.timeline.hear_caller(bytes([30]) * FRAME_BYTES, timestamp_ms=500)
    await second.finish()

    key, duration_ms = await store.assemble("CA1", started_at=STARTED) or ("", 0)

    left = store.audio(key)[0]
    for said, place_ms in places.items():
        expected = decode_mulaw(bytes([said]) * FRAME_BYTES)
        start = place_ms * BYTES_PER_MS * 2
        assert left[start : start + len(expected)] == expected
    assert places == {10: 0, 20: 10_000, 30: 40_500}
    assert duration_ms == 40_520
