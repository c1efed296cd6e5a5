"""Two voices on one time line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream_service.media.audio import FRAME_BYTES, FRAME_MS, MULAW_SILENCE
from stream_service.recording import StereoTimeline

CALLER = bytes([1]) * FRAME_BYTES
AGENT = bytes([2]) * FRAME_BYTES
SILENCE = bytes([MULAW_SILENCE]) * FRAME_BYTES


def channels(timeline: StereoTimeline) -> tuple[bytes, bytes]:
    """Caller and agent, apart again."""
    stereo = timeline.take(at_least_bytes=1)
    return stereo[::2], stereo[1::2]


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


def test_a_mad_timestamp_does_not_fill_the_memory() -> None:
    timeline = StereoTimeline()

    timeline.hear_caller(CALLER, timestamp_ms=10**12)

    assert timeline.position_ms == FRAME_MS


def test_nothing_is_taken_before_a_part_is_full() -> None:
    timeline = StereoTimeline()
    timeline.hear_caller(CALLER, timestamp_ms=0)

    assert timeline.take(at_least_bytes=2 * FRAME_BYTES + 1) == b""
    assert len(timeline.take(at_least_bytes=2 * FRAME_BYTES)) == 2 * FRAME_BYTES


@given(st.lists(st.tuples(st.sampled_from(["hear", "play", "clear"]), st.integers(1, 400)), max_size=60))
def test_both_channels_are_always_equally_long(steps: list[tuple[str, int]]) -> None:
    timeline = StereoTimeline()
    heard = 0
    for step, length in steps:
        match step:
            case "hear":
                timeline.hear_caller(bytes(length), timestamp_ms=0)
                heard += length
            case "play":
                timeline.play_agent(bytes(length))
            case _:
                timeline.clear()

    caller, agent = channels(timeline)
    assert len(caller) == len(agent) == heard
