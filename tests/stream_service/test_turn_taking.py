"""Who has the floor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_service.turn_taking import TurnEvent, TurnTaking, TurnTiming

FRAME_MS = 20
TIMING = TurnTiming(start_ms=100, pause_ms=200, stop_ms=500)


def play(turns: TurnTaking, *, speech_ms: int = 0, silence_ms: int = 0, audible: bool = False) -> list[TurnEvent]:
    """Feed speech, then silence; what happened."""
    frames = [1.0] * (speech_ms // FRAME_MS) + [0.0] * (silence_ms // FRAME_MS)
    heard = (turns.hear(p, duration_ms=FRAME_MS, agent_is_audible=audible) for p in frames)
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
    assert play(TurnTaking(TIMING), speech_ms=200, audible=True) == [TurnEvent.BARGE_IN]


def test_a_short_pause_does_not_end_the_turn() -> None:
    turns = TurnTaking(TIMING)
    play(turns, speech_ms=400, silence_ms=300)

    events = play(turns, speech_ms=400, silence_ms=500)

    assert events == [TurnEvent.SPEECH_PAUSED, TurnEvent.TURN_ENDED]


def test_the_turn_ends_on_the_frame_that_completes_the_silence() -> None:
    turns = TurnTaking(TIMING)
    play(turns, speech_ms=400, silence_ms=480)

    assert turns.caller_has_floor
    assert play(turns, silence_ms=20) == [TurnEvent.TURN_ENDED]
    assert turns.silence_ms == 500


def test_a_doubtful_frame_counts_as_what_was_before() -> None:
    turns = TurnTaking(TIMING)
    play(turns, speech_ms=400)

    turns.hear(0.4, duration_ms=FRAME_MS, agent_is_audible=False)

    assert turns.hears_speech


@given(probabilities=st.lists(st.floats(min_value=0, max_value=1), max_size=400), audible=st.booleans())
def test_every_turn_that_starts_ends_before_the_next_starts(probabilities: list[float], *, audible: bool) -> None:
    turns = TurnTaking(TIMING)
    is_open = False

    for probability in [*probabilities, *([0.0] * 30)]:
        match turns.hear(probability, duration_ms=FRAME_MS, agent_is_audible=audible):
            case TurnEvent.SPEECH_STARTED | TurnEvent.BARGE_IN:
                assert not is_open
                is_open = True
            case TurnEvent.SPEECH_PAUSED:
                assert is_open
            case TurnEvent.TURN_ENDED:
                assert is_open
                is_open = False

    assert not is_open
    assert not turns.caller_has_floor


@pytest.mark.parametrize("audible", [False, True])
def test_the_agent_falling_silent_does_not_start_a_second_turn(*, audible: bool) -> None:
    turns = TurnTaking(TIMING)
    play(turns, speech_ms=200, audible=True)

    assert play(turns, speech_ms=400, audible=audible) == []
