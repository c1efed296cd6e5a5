"""The stages of a spoken turn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.reply import STAGES, own_ms, voice_to_voice_ms, with_first_audio

_stages = st.dictionaries(st.sampled_from([*STAGES, "routing", "total", "model_first_piece"]), st.integers(0, 10_000))


def test_first_audio_is_the_sum_of_the_stages_that_follow_each_other() -> None:
    stages_ms = {"endpoint": 300, "transcript": 40, "context": 9, "reply": 60, "speech": 80}

    assert with_first_audio({**stages_ms, "routing": 5, "model_first_piece": 50})["first_audio"] == 489


def test_without_a_sound_there_is_no_first_audio() -> None:
    stages_ms = {"endpoint": 300, "reply": 60}

    assert with_first_audio(stages_ms) == stages_ms


@given(_stages)
def test_the_stages_themselves_are_kept(stages_ms: dict[str, int]) -> None:
    summed = with_first_audio(stages_ms)

    assert {name: value for name, value in summed.items() if name != "first_audio"} == stages_ms
    assert ("first_audio" in summed) == ("speech" in stages_ms)
    assert summed.get("first_audio", 0) == (
        sum(stages_ms.get(stage, 0) for stage in STAGES) if "speech" in stages_ms else 0
    )


@pytest.mark.requirement("14.2")
def test_between_the_voices_lies_the_silence_that_ended_the_turn_and_what_we_took() -> None:
    assert voice_to_voice_ms({"endpoint": 500, "end_to_end": 310, "reply": 200, "speech": 90}) == 810


@pytest.mark.parametrize("stages_ms", [{"endpoint": 500}, {"end_to_end": 310}, {}])
def test_what_was_not_heard_on_both_sides_has_no_time_between_the_voices(stages_ms: dict[str, int]) -> None:
    assert voice_to_voice_ms(stages_ms) is None


@pytest.mark.requirement("14.3")
def test_of_a_spoken_turn_ours_is_what_was_waited_for_beside_the_engines() -> None:
    stages_ms = {"endpoint": 500, "transcript": 90, "context": 30, "routing": 20, "reply": 420, "speech": 160}

    assert own_ms({**stages_ms, "end_to_end": 720}) == 30 + 20 + 20


@pytest.mark.requirement("14.3")
def test_of_a_written_turn_ours_is_all_but_files_models_tools_and_the_provider() -> None:
    waited_ms = {"attachments": 100, "model": 1500, "tools": 300, "send": 200}

    assert own_ms({**waited_ms, "context": 40, "routing": 10, "total": 2300, "end_to_end": 2500}) == 400


def test_an_answer_that_was_ready_before_the_turn_was_over_took_nothing_of_ours() -> None:
    assert own_ms({"transcript": 90, "routing": 30, "reply": 0, "speech": 10, "end_to_end": 100}) == 0


def test_of_a_turn_that_nobody_heard_nothing_is_known() -> None:
    assert own_ms({"context": 40, "reply": 100}) is None


@given(_stages, st.integers(0, 10_000))
def test_ours_is_never_more_than_the_whole(stages_ms: dict[str, int], whole_ms: int) -> None:
    ours = own_ms({**stages_ms, "end_to_end": whole_ms})

    assert ours is not None
    assert 0 <= ours <= whole_ms
