from __future__ import annotations

import asyncio
import logging
import math
import threading
from collections.abc import AsyncIterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_service.listening.silero import SileroDetector
from stream_service.listening.silero_memory import SileroMemory
from stream_service.listening.silero_model import SileroModel
from stream_service.listening.silero_windows import SileroWindows
from tests.stream_service.listening.silero_calls import WINDOW, CountingModel, ListenedCall
from tests.stream_service.listening.utterances import recorded_utterances

FRAME_BYTES = 160
SILENCE = b"\xff" * 256
MANY = 40


@pytest.fixture
def model() -> CountingModel:
    return CountingModel()


@pytest.fixture
async def detector(model: CountingModel) -> AsyncIterator[SileroDetector]:
    detector = SileroDetector(model)
    yield detector
    model.may_score.set()
    detector.close()


async def test_each_window_of_32_ms_is_reported_in_order(detector: SileroDetector) -> None:
    call = ListenedCall(detector)

    for _ in range(8):
        call.activity.hear(WINDOW[:FRAME_BYTES])
    await call.covers(160)

    assert call.numbers == [1, 2, 3, 4, 5]
    assert {ms for _, ms in call.reports} == {32}


async def test_calls_whose_windows_end_together_share_a_run(detector: SileroDetector, model: CountingModel) -> None:
    calls = [ListenedCall(detector) for _ in range(5)]

    for call in calls:
        call.activity.hear(WINDOW)
    await calls[-1].covers(32)

    assert [len(batch) for batch in model.batches] == [5]


async def test_windows_of_one_call_are_scored_one_after_the_other(
    detector: SileroDetector, model: CountingModel
) -> None:
    first, second = ListenedCall(detector), ListenedCall(detector)

    first.activity.hear(WINDOW * 3)
    second.activity.hear(WINDOW)
    await first.covers(96)

    assert [len(batch) for batch in model.batches] == [2, 1, 1]
    assert (first.numbers, second.numbers) == ([1, 2, 3], [1])


async def test_few_windows_are_scored_on_the_loop_and_many_in_the_thread(
    detector: SileroDetector, model: CountingModel
) -> None:
    few = [ListenedCall(detector) for _ in range(2)]
    for call in few:
        call.activity.hear(WINDOW)
    await few[-1].covers(32)
    many = [ListenedCall(detector) for _ in range(MANY)]
    for call in many:
        call.activity.hear(WINDOW)
    await many[-1].covers(32)

    assert model.threads == [threading.current_thread().name, "voice-activity"]
    assert [len(batch) for batch in model.batches] == [2, MANY]


async def test_windows_that_come_while_a_batch_is_scored_are_scored_together_after_it(
    detector: SileroDetector, model: CountingModel
) -> None:
    calls = [ListenedCall(detector) for _ in range(MANY)]
    model.may_score.clear()
    for call in calls:
        call.activity.hear(WINDOW)
    await thread_has_work(detector)
    for call in calls:
        call.activity.hear(WINDOW)
    model.may_score.set()

    for call in calls:
        await call.covers(64)

    assert [len(batch) for batch in model.batches] == [MANY, MANY]


async def test_result_of_a_call_closed_meanwhile_is_dropped_and_its_place_not_written(
    detector: SileroDetector, model: CountingModel
) -> None:
    calls = [ListenedCall(detector) for _ in range(MANY)]
    model.may_score.clear()
    for call in calls:
        call.activity.hear(WINDOW)
    await thread_has_work(detector)
    calls[0].activity.close()
    newcomer = ListenedCall(detector)
    newcomer.activity.hear(WINDOW)
    model.may_score.set()

    await newcomer.covers(32)

    assert calls[0].reports == []
    assert (calls[1].numbers, newcomer.numbers) == ([1], [1])


async def test_closed_call_is_not_heard_and_closing_twice_frees_one_place(
    detector: SileroDetector, model: CountingModel
) -> None:
    closed, other = ListenedCall(detector), ListenedCall(detector)
    closed.activity.hear(WINDOW)

    closed.activity.close()
    closed.activity.close()
    closed.activity.hear(WINDOW)
    other.activity.hear(WINDOW)
    await other.covers(32)

    assert closed.reports == []
    assert (len(model.batches[0]), detector.memory.taken) == (1, 1)


async def test_call_may_be_closed_by_what_it_is_told(detector: SileroDetector) -> None:
    call = ListenedCall(detector)
    hasty = detector.open(lambda *_: hasty.close())

    hasty.hear(WINDOW * 2)
    call.activity.hear(WINDOW * 2)
    await call.covers(64)

    assert detector.memory.taken == 1


async def test_listener_that_fails_keeps_nothing_from_other_calls(detector: SileroDetector) -> None:
    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context["exception"]))
    broken = detector.open(fail)
    call = ListenedCall(detector)

    broken.hear(WINDOW)
    call.activity.hear(WINDOW)
    await call.covers(32)

    assert [type(failure) for failure in failures] == [ValueError]


async def test_windows_the_model_fails_on_are_judged_by_loudness_and_warned_of_once(
    detector: SileroDetector, model: CountingModel, caplog: pytest.LogCaptureFixture
) -> None:
    call = ListenedCall(detector)
    model.failures = 2

    with caplog.at_level(logging.WARNING):
        call.activity.hear(WINDOW + SILENCE + WINDOW)
        await call.covers(96)

    assert call.probabilities == [1.0, 0.0, pytest.approx(0.5001)]
    assert detector.counts.by_loudness == 2
    assert sum("voice_activity_model_failed" in record.message for record in caplog.records) == 1


async def test_failure_in_the_thread_leaves_no_call_deaf(detector: SileroDetector, model: CountingModel) -> None:
    calls = [ListenedCall(detector) for _ in range(MANY)]
    model.failures = 1

    for call in calls:
        call.activity.hear(WINDOW * 2)
    for call in calls:
        await call.covers(64)

    assert {call.probabilities[0] for call in calls} == {1.0}
    assert {call.numbers[1] for call in calls} == {1}


async def test_scorer_that_falls_behind_merges_the_oldest_windows(
    detector: SileroDetector, model: CountingModel
) -> None:
    calls = [ListenedCall(detector) for _ in range(MANY)]
    model.may_score.clear()
    for call in calls:
        call.activity.hear(WINDOW)
    await thread_has_work(detector)
    calls[0].activity.hear(WINDOW * 100)
    model.may_score.set()

    await calls[0].covers(32 * 101)

    assert len(calls[0].reports) == 1 + 64
    assert calls[0].reports[1][1] == 32 * 37
    assert detector.counts.merged == 36


async def test_quiet_windows_skip_the_model_once_it_has_settled(detector: SileroDetector) -> None:
    call = ListenedCall(detector)

    call.activity.hear(SILENCE * 50)
    await call.covers(50 * 32)

    assert detector.counts.quiet > 0
    assert detector.counts.quiet + detector.counts.scored == 50
    assert call.probabilities.count(0.0) == detector.counts.quiet


async def test_quiet_window_behind_one_that_waits_is_reported_after_it(detector: SileroDetector) -> None:
    call = ListenedCall(detector)
    call.activity.hear(SILENCE * 17)
    await call.covers(17 * 32)
    call.reports.clear()

    call.activity.hear(WINDOW + SILENCE)
    before_the_run = list(call.reports)
    await call.covers(64)

    assert before_the_run == []
    assert call.probabilities[0] > 0.5 > call.probabilities[1]


async def test_silence_after_speech_is_reported_with_its_frame_whatever_the_model_still_believes(
    detector: SileroDetector, model: CountingModel
) -> None:
    call = await speaking_call(detector, windows=10)
    model.believes_in_speech = True

    at_once = []
    for _ in range(10):
        call.activity.hear(SILENCE[:FRAME_BYTES])
        at_once.append(call.reports[-1])
        await call.covers(call.covered_ms)

    assert at_once == [(0.0, 20)] * 10
    assert call.covered_ms == 10 * 32 + 10 * 20


async def test_silence_after_speech_is_heard_by_the_model_until_it_has_settled(detector: SileroDetector) -> None:
    call = await speaking_call(detector, windows=10)
    scored = detector.counts.scored

    call.activity.hear(SILENCE * 16)
    await run_until_nothing_waits(detector)
    call.activity.hear(SILENCE * 5)

    assert (detector.counts.scored - scored, detector.counts.quiet) == (16, 5)


async def test_window_that_silence_breaks_off_goes_on_as_before(detector: SileroDetector) -> None:
    call = await speaking_call(detector, windows=10)
    before = call.probabilities[-1]

    call.activity.hear(WINDOW[:FRAME_BYTES])
    call.activity.hear(SILENCE[:FRAME_BYTES])

    assert call.reports[-2:] == [(before, 20), (0.0, 20)]


async def test_silence_is_reported_behind_speech_that_is_still_being_scored(detector: SileroDetector) -> None:
    call = await speaking_call(detector, windows=10)
    call.reports.clear()

    call.activity.hear(WINDOW + WINDOW[:80])
    call.activity.hear(SILENCE[:FRAME_BYTES])
    before_the_run = list(call.reports)
    await call.covers(32 + 10 + 20)

    assert before_the_run == []
    assert [ms for _, ms in call.reports] == [32, 10, 20]
    assert [probability > 0 for probability in call.probabilities] == [True, True, False]
    assert call.probabilities[1] == call.probabilities[0]


async def test_speech_after_a_short_silence_is_scored_without_what_was_reported(detector: SileroDetector) -> None:
    call = await speaking_call(detector, windows=10)
    call.activity.hear(SILENCE[:FRAME_BYTES])
    call.reports.clear()

    call.activity.hear(WINDOW[:FRAME_BYTES])
    await call.covers(12)

    assert [(probability > 0.5, ms) for probability, ms in call.reports] == [(True, 12)]


async def test_silence_within_the_first_quarter_of_a_second_of_speech_is_left_to_the_model(
    detector: SileroDetector, model: CountingModel
) -> None:
    call = await speaking_call(detector, windows=7)
    model.believes_in_speech = True
    call.reports.clear()

    call.activity.hear(SILENCE)
    await call.covers(32)

    assert [probability > 0.5 for probability in call.probabilities] == [True]


async def test_call_may_be_closed_by_the_silence_it_is_told_of(detector: SileroDetector, model: CountingModel) -> None:
    told: list[float] = []

    def hang_up(probability: float, _covers_ms: int) -> None:
        told.append(probability)
        if len(told) > 10:
            hasty.close()

    hasty = detector.open(hang_up)
    for _ in range(10):
        hasty.hear(WINDOW)
        await run_until_nothing_waits(detector)
    batches = len(model.batches)

    hasty.hear(WINDOW[:80])
    hasty.hear(SILENCE)
    await run_until_nothing_waits(detector)

    assert len(told) == 11
    assert (len(model.batches), detector.memory.taken) == (batches, 0)


async def test_everything_is_free_after_many_calls_and_the_thread_ends() -> None:
    detector = SileroDetector(CountingModel())
    for _ in range(5):
        calls = [ListenedCall(detector) for _ in range(MANY)]
        for call in calls:
            call.activity.hear(WINDOW + WINDOW[:100])
        await calls[0].covers(32)
        for call in calls:
            call.activity.close()
    places = detector.memory.places

    detector.close()
    detector.close()

    assert (detector.memory.taken, places) == (0, 64)
    assert "voice-activity" not in [thread.name for thread in threading.enumerate()]


async def test_detector_that_is_closed_with_calls_open_scores_nothing_more(
    detector: SileroDetector, model: CountingModel
) -> None:
    waiting, later = ListenedCall(detector), ListenedCall(detector)
    waiting.activity.hear(WINDOW)

    detector.close()
    later.activity.hear(WINDOW)
    for _ in range(3):
        await asyncio.sleep(0)

    assert (waiting.reports, later.reports, model.batches) == ([], [], [])


async def test_silence_after_silence_is_not_remembered(detector: SileroDetector) -> None:
    call = ListenedCall(detector)

    for _ in range(40):
        call.activity.hear(WINDOW[:-1] + SILENCE[:1])
    await call.covers(40 * 32)

    assert call.numbers == [*range(1, 17), *[17] * 24]


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(-1, 900)), max_size=60))
@settings(max_examples=40, deadline=None)
def test_every_call_is_told_of_all_its_audio_in_order(moves: list[tuple[int, int]]) -> None:
    async def play() -> None:
        detector = SileroDetector(CountingModel())
        calls = [ListenedCall(detector) for _ in range(12)]
        heard = [0] * 12
        for number, length in moves:
            if length < 0:
                await asyncio.sleep(0)
            else:
                calls[number].activity.hear((WINDOW * 4)[:length])
                heard[number] += length
        for call, length in zip(calls, heard, strict=True):
            await call.covers(length // 256 * 32)
            assert call.numbers == list(range(1, length // 256 + 1))
            call.activity.close()
        detector.close()
        assert detector.memory.taken == 0

    asyncio.run(play())


def fail(_probability: float, _covers_ms: int) -> None:
    raise ValueError


async def speaking_call(detector: SileroDetector, *, windows: int) -> ListenedCall:
    """A call whose model has heard so many windows of speech."""
    call = ListenedCall(detector)
    for _ in range(windows):
        call.activity.hear(WINDOW)
        await call.covers(call.covered_ms + 32)
    return call


async def run_until_nothing_waits(detector: SileroDetector) -> None:
    """A window of each call is scored at a time, and few calls are scored at the loop's next turn."""
    while True:
        scored = detector.counts.scored
        for _ in range(3):
            await asyncio.sleep(0)
        if detector.counts.scored == scored:
            return


async def thread_has_work(detector: SileroDetector) -> None:
    """Wait until a batch is under way."""
    while not detector.is_scoring:
        await asyncio.sleep(0)


def scores_alone(model: SileroModel, mulaw: bytes) -> list[float]:
    """What the model says of one call by itself, window by window."""
    states, scores = SileroMemory(places=1).recall([0]), []
    for window in SileroWindows().cut(mulaw):
        speech, states = model.score([window], states)
        scores.append(float(speech[0]))
    return scores


@pytest.mark.integration
async def test_calls_that_join_and_leave_are_scored_as_if_each_were_alone() -> None:
    model = SileroModel()
    detector = SileroDetector(model, silences_to_settle=math.inf)
    detector.warm_up()
    audio = [utterance.mulaw * 2 for utterance in recorded_utterances()]
    calls: dict[int, ListenedCall] = {}
    for step in range(300):
        if step % 5 == 0 and len(calls) < MANY:
            calls[step] = ListenedCall(detector)
        if step in (101, 151, 201):
            calls.pop(step - 101).activity.close()
        for joined, call in calls.items():
            begin = (step - joined) * FRAME_BYTES
            call.activity.hear(audio[joined % len(audio)][begin : begin + FRAME_BYTES])
        if step % 3 == 0:
            for joined, call in calls.items():
                await call.covers((step + 1 - joined) * 20 // 32 * 32)
    for joined, call in calls.items():
        await call.covers((300 - joined) * 20 // 32 * 32)
    detector.close()

    assert detector.counts.scored / detector.counts.runs > 8
    for joined, call in calls.items():
        expected = scores_alone(model, audio[joined % len(audio)])[: len(call.reports)]
        assert np.allclose(call.probabilities, expected, atol=1e-4)


@pytest.mark.integration
async def test_speech_is_told_from_silence() -> None:
    detector = SileroDetector()
    detector.warm_up()
    call = ListenedCall(detector)
    mulaw = recorded_utterances()[0].mulaw
    speech_ms = len(mulaw) // 256 * 32

    before = await speech_heard_ms(call, SILENCE * 30)
    during = await speech_heard_ms(call, mulaw[: speech_ms * 8])
    after = await speech_heard_ms(call, SILENCE * 30)
    detector.close()

    assert before == 0
    assert during > 0.5 * speech_ms
    assert after <= 32


async def speech_heard_ms(call: ListenedCall, mulaw: bytes) -> int:
    """How much of this audio, which comes at the pace of a call, is reported to be speech."""
    before_ms = call.covered_ms
    before = len(call.reports)
    for begin in range(0, len(mulaw), FRAME_BYTES):
        call.activity.hear(mulaw[begin : begin + FRAME_BYTES])
        await call.covers(before_ms + begin // 256 * 32)
    return sum(ms for probability, ms in call.reports[before:] if probability >= 0.5)
