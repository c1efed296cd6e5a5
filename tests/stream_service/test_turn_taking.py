"""Who has the floor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_service.turn_taking import AgentVoice, TurnEvent, TurnTaking, TurnTiming

FRAME_MS = 20
TIMING = TurnTiming(start_ms=100, guarded_start_ms=400, pause_ms=200, stop_ms=500)


def play(
    turns: TurnTaking, *, speech_ms: int = 0, silence_ms: int = 0, agent: AgentVoice = AgentVoice.SILENT
) -> list[TurnEvent]:
    """Feed speech, then silence; what happened."""
    frames = [1.0] * (speech_ms // FRAME_MS) + [0.0] * (silence_ms // FRAME_MS)
    heard = (turns.hear(p, duration_ms=FRAME_MS, agent=agent) for p in frames)
    return [event for event in heard if event is not None]


def test_a_turn_starts_pauses_and_ends() -> None:
    events = play(TurnTaking(TIMING), speech_ms=1000, silence_ms=600)

    assert events == [TurnEvent.SPEECH_STARTED, TurnEvent.SPEECH_PAUSED, TurnEvent.TURN_ENDED]


def test_a_click_is_no_turn() -> None:
    assert play(TurnTaking(TIMING), speech_ms=80, silence_ms=1000) == []


def test_short_clicks_do_not_add_up_to_speech() -> None:
    turns = TurnTaking(TIMING)

    events = [event for _ in range(5) for event in play(turns, speech_ms=60, silence_ms=60)]

    assert events == []


def test_speech_over_the_agents_voice_is_a_barge_in() -> None:
    assert play(TurnTaking(TIMING), speech_ms=200, agent=AgentVoice.AUDIBLE) == [TurnEvent.BARGE_IN]


def test_a_short_pause_does_not_end_the_turn() -> None:
    turns = TurnTaking(TIMING)
    play(turns, speech_ms=400, silence_ms=300)

    events = play(turns, speech_ms=400, silence_ms=500)

    assert events == [TurnEvent.SPEECH_RESUMED, TurnEvent.SPEECH_PAUSED, TurnEvent.TURN_ENDED]


def test_the_turn_ends_on_the_frame_that_completes_the_silence() -> None:
    turns = TurnTaking(TIMING)
    play(turns, speech_ms=400, silence_ms=480)

    assert turns.caller_has_floor
    assert play(turns, silence_ms=20) == [TurnEvent.TURN_ENDED]
    assert turns.silence_ms == 500


def test_a_doubtful_frame_counts_as_what_was_before() -> None:
    turns = TurnTaking(TIMING)
    play(turns, speech_ms=400)

    turns.hear(0.4, duration_ms=FRAME_MS, agent=AgentVoice.SILENT)

    assert turns.hears_speech


def test_at_the_beginning_of_a_greeting_only_longer_speech_interrupts() -> None:
    turns = TurnTaking(TIMING)

    assert play(turns, speech_ms=380, agent=AgentVoice.GUARDED) == []
    assert play(turns, speech_ms=20, agent=AgentVoice.GUARDED) == [TurnEvent.BARGE_IN]


def test_a_greeting_that_must_be_heard_is_not_interrupted() -> None:
    assert play(TurnTaking(TIMING), speech_ms=200, agent=AgentVoice.UNINTERRUPTIBLE) == [TurnEvent.SPEECH_STARTED]


@pytest.mark.parametrize(("window_ms", "windows"), [(20, 10), (32, 6)])
def test_a_length_is_reached_by_the_window_that_comes_closest_to_it(window_ms: int, windows: int) -> None:
    turns = TurnTaking(TurnTiming(start_ms=200, stop_ms=200))
    loud = [turns.hear(1.0, duration_ms=window_ms, agent=AgentVoice.SILENT) for _ in range(windows)]
    quiet = [turns.hear(0.0, duration_ms=window_ms, agent=AgentVoice.SILENT) for _ in range(windows)]

    assert loud == [None] * (windows - 1) + [TurnEvent.SPEECH_STARTED]
    assert quiet == [None] * (windows - 1) + [TurnEvent.TURN_ENDED]


@given(
    heard=st.lists(
        st.tuples(st.floats(min_value=0, max_value=1), st.sampled_from([10, 20, 32, 60]), st.sampled_from(AgentVoice)),
        max_size=400,
    )
)
def test_every_turn_that_starts_ends_before_the_next_starts(heard: list[tuple[float, int, AgentVoice]]) -> None:
    turns = TurnTaking(TIMING)
    state = "quiet"

    for probability, duration_ms, agent in [*heard, *([(0.0, FRAME_MS, AgentVoice.SILENT)] * 30)]:
        match turns.hear(probability, duration_ms=duration_ms, agent=agent):
            case TurnEvent.SPEECH_STARTED | TurnEvent.BARGE_IN:
                assert state == "quiet"
                state = "speaking"
            case TurnEvent.SPEECH_PAUSED:
                assert state == "speaking"
                state = "paused"
            case TurnEvent.SPEECH_RESUMED:
                assert state == "paused"
                state = "speaking"
            case TurnEvent.TURN_ENDED:
                assert state != "quiet"
                state = "quiet"
        assert turns.caller_has_floor == (state != "quiet")
        assert turns.is_paused == (state == "paused")

    assert state == "quiet"


@pytest.mark.parametrize("agent", list(AgentVoice))
def test_what_the_agent_does_meanwhile_does_not_start_a_second_turn(agent: AgentVoice) -> None:
    turns = TurnTaking(TIMING)
    play(turns, speech_ms=200, agent=AgentVoice.AUDIBLE)

    assert play(turns, speech_ms=400, agent=agent) == []
