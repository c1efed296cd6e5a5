"""A dead recogniser is opened again, or replaced, and no word is lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from shared.errors import SpeechUnavailable
from stream_service.listening.reliable import Patience, ReliableTranscriber, ReliableTranscription
from stream_service.media.audio import FRAME_BYTES, MULAW_SILENCE
from tests.fakes.flaky_engines import HANG, FlakyTranscriber, Hearing

FAILURE = SpeechUnavailable("out of order")
HASTY = Patience(open_seconds=0.02, result_seconds=0.02)
WORD_BYTES = 5 * FRAME_BYTES


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Call:
    """A caller whose words are letters."""

    def __init__(self, stream: ReliableTranscription) -> None:
        self.stream = stream
        self.partials: list[str] = []

    def say(self, words: str) -> None:
        for word in words.split():
            for _ in range(WORD_BYTES // FRAME_BYTES):
                self.stream.feed(word.encode() * FRAME_BYTES, is_speech=True)
            self.be_silent(40)

    def be_silent(self, milliseconds: int) -> None:
        for _ in range(milliseconds // 20):
            self.stream.feed(bytes([MULAW_SILENCE]) * FRAME_BYTES, is_speech=False)

    async def understood(self) -> str:
        return (await self.stream.finish_utterance()).text


@asynccontextmanager
async def calling(
    *engines: FlakyTranscriber, patience: Patience = HASTY, clock: Clock | None = None, is_open: bool = True
) -> AsyncIterator[Call]:
    transcriber = ReliableTranscriber(
        {f"engine{number}": engine for number, engine in enumerate(engines)}, patience=patience, clock=clock or Clock()
    )
    partials: list[str] = []
    call = Call(await transcriber.open(language="en-IN", on_partial=partials.append))
    call.partials = partials
    if is_open:
        await let_repair()
    try:
        yield call
    finally:
        await call.stream.aclose()
    assert all(engine.are_all_closed for engine in engines)


async def let_repair() -> None:
    """Let background repairs come as far as they can without waiting for time to pass."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_the_preferred_engine_hears_the_call_and_no_other_is_opened() -> None:
    first, second = FlakyTranscriber(), FlakyTranscriber()
    async with calling(first, second) as call:
        call.say("a b")

        assert await call.understood() == "a b"
        call.say("c")
        assert await call.understood() == "c"
    assert (first.openings, second.openings) == (1, 0)


async def test_words_said_while_the_engine_is_being_opened_are_heard() -> None:
    gate = asyncio.Event()
    async with calling(FlakyTranscriber(gate=gate), patience=Patience(), is_open=False) as call:
        call.say("a b")
        await let_repair()
        gate.set()

        assert await call.understood() == "a b"


async def test_an_engine_that_cannot_be_opened_is_replaced_by_the_next() -> None:
    first, second = FlakyTranscriber(FAILURE), FlakyTranscriber()
    async with calling(first, second) as call:
        call.say("a")

        assert await call.understood() == "a"
    assert second.openings == 1


async def test_an_engine_that_does_not_open_in_time_is_replaced_by_the_next() -> None:
    first, second = FlakyTranscriber(HANG), FlakyTranscriber()
    async with calling(first, second) as call:
        call.say("a b")

        assert await call.understood() == "a b"


@pytest.mark.parametrize("words_before", [0, 1, 2, 3])
async def test_a_stream_lost_in_mid_utterance_is_opened_again_and_no_word_is_missing(words_before: int) -> None:
    loss = words_before * (WORD_BYTES + 2 * FRAME_BYTES) + FRAME_BYTES
    first, second = FlakyTranscriber(Hearing(lost_after_bytes=loss)), FlakyTranscriber()
    async with calling(first, second) as call:
        for word in "a b c d":
            call.say(word)
            await let_repair()

        assert await call.understood() == "a b c d"
    assert (first.openings, second.openings) == (2, 0)


async def test_an_engine_that_keeps_losing_the_call_is_replaced_by_the_next() -> None:
    lost = Hearing(lost_after_bytes=FRAME_BYTES)
    first, second = FlakyTranscriber(lost, lost, lost, lost), FlakyTranscriber()
    async with calling(first, second) as call:
        for word in "a b c":
            call.say(word)
            await let_repair()

        assert await call.understood() == "a b c"
    assert second.openings == 1


async def test_an_utterance_whose_result_fails_is_heard_again_by_the_same_engine() -> None:
    first, second = FlakyTranscriber(Hearing(results=[FAILURE])), FlakyTranscriber()
    async with calling(first, second) as call:
        call.say("a b")

        assert await call.understood() == "a b"
        call.say("c")
        assert await call.understood() == "c"
    assert (first.openings, second.openings) == (2, 0)


async def test_an_utterance_whose_result_fails_twice_is_heard_by_the_next_engine() -> None:
    failing = Hearing(results=[FAILURE])
    first, second = FlakyTranscriber(failing, failing), FlakyTranscriber()
    async with calling(first, second) as call:
        call.say("a b")

        assert await call.understood() == "a b"
        call.say("c")
        assert await call.understood() == "c"
    assert (first.openings, second.openings) == (2, 1)


async def test_a_result_that_never_comes_counts_as_a_failure() -> None:
    first, second = FlakyTranscriber(Hearing(results=[HANG]), FAILURE), FlakyTranscriber()
    async with calling(first, second) as call:
        call.say("a")

        assert await call.understood() == "a"


async def test_words_said_during_the_repair_belong_to_the_next_utterance() -> None:
    gate = asyncio.Event()
    first, second = FlakyTranscriber(Hearing(results=[FAILURE]), FAILURE), FlakyTranscriber(gate=gate)
    async with calling(first, second, patience=Patience()) as call:
        call.say("a b")
        understanding = asyncio.create_task(call.understood())
        await let_repair()
        call.say("c")
        gate.set()

        assert await understanding == "a b"
        call.say("d")
        assert await call.understood() == "c d"


async def test_only_when_every_engine_failed_is_the_utterance_given_up() -> None:
    first, second = FlakyTranscriber(Hearing(results=[FAILURE]), FAILURE), FlakyTranscriber(FAILURE)
    async with calling(first, second) as call:
        call.say("a")

        with pytest.raises(SpeechUnavailable):
            await call.understood()


async def test_a_call_without_a_recogniser_finds_one_when_the_caller_speaks_again() -> None:
    clock = Clock()
    first = FlakyTranscriber(FAILURE)
    async with calling(first, clock=clock) as call:
        clock.seconds += 5
        call.say("a")
        await let_repair()
        call.say("b")

        assert await call.understood() == "a b"
        assert first.openings == 2


async def test_a_call_without_a_recogniser_does_not_look_for_one_with_every_frame() -> None:
    first = FlakyTranscriber(*[FAILURE] * 5)
    async with calling(first) as call:
        for word in "a b c":
            call.say(word)
            await let_repair()

        assert first.openings == 1


async def test_failures_with_successes_between_them_do_not_make_an_engine_count_as_dead() -> None:
    first, second = FlakyTranscriber(*[Hearing(results=[None, FAILURE])] * 6), FlakyTranscriber()
    async with calling(first, second, patience=Patience(openings_per_minute=50)) as call:
        for _ in range(10):
            call.say("a")
            assert await call.understood() == "a"

    assert second.openings == 0


async def test_a_loss_that_is_noticed_while_a_result_is_awaited_is_one_failure() -> None:
    loss = WORD_BYTES + 2 * FRAME_BYTES + WORD_BYTES
    first = FlakyTranscriber(Hearing(lost_after_bytes=loss, results=[HANG]))
    async with calling(first, patience=Patience(result_seconds=0.05)) as call:
        call.say("a")
        understanding = asyncio.create_task(call.understood())
        await let_repair()
        call.say("b")

        assert await understanding == "a"
        assert await call.understood() == "b"
        assert first.streams[0].closings == 1


async def test_silence_without_a_recogniser_is_no_failure_and_opens_nothing() -> None:
    clock = Clock()
    first = FlakyTranscriber(FAILURE)
    async with calling(first, clock=clock) as call:
        clock.seconds += 5
        call.be_silent(1000)

        assert await call.understood() == ""
        assert first.openings == 1


async def test_openings_of_a_call_are_bounded_by_the_minute() -> None:
    clock = Clock()
    first = FlakyTranscriber(*[Hearing(results=[FAILURE])] * 50)
    patience = Patience(open_seconds=0.02, result_seconds=0.02, openings_per_minute=4)
    async with calling(first, patience=patience, clock=clock) as call:
        for _ in range(10):
            clock.seconds += 3
            call.say("a")
            with pytest.raises(SpeechUnavailable):
                await call.understood()

        assert first.openings == 4
        clock.seconds += 60
        call.say("a")
        await let_repair()
        assert first.openings == 5


async def test_a_dead_engine_is_skipped_at_once_by_the_calls_that_follow() -> None:
    first, second = FlakyTranscriber(*[FAILURE] * 9), FlakyTranscriber()
    transcriber = ReliableTranscriber({"first": first, "second": second}, patience=HASTY, clock=Clock())
    for _ in range(6):
        stream = await transcriber.open(language="en-IN", on_partial=lambda _: None)
        await let_repair()
        await stream.aclose()

    assert (first.openings, second.openings) == (3, 6)


async def test_partial_words_come_from_the_stream_in_use_only() -> None:
    first = FlakyTranscriber(Hearing(lost_after_bytes=WORD_BYTES))
    async with calling(first) as call:
        call.say("a")
        await let_repair()
        call.say("b")

        assert call.partials[-1] == "a b"
        before = list(call.partials)
        first.streams[0]._on_partial("stale")  # A dying engine says something.
        assert call.partials == before


async def test_a_pause_reaches_the_engine() -> None:
    first = FlakyTranscriber()
    async with calling(first) as call:
        call.stream.pause()

        assert first.streams[0].pauses == 1


async def test_a_cough_that_was_discarded_is_not_heard_again_by_the_next_engine() -> None:
    first = FlakyTranscriber(Hearing(lost_after_bytes=WORD_BYTES + 8 * FRAME_BYTES))
    async with calling(first) as call:
        call.say("x")
        call.stream.discard_utterance()
        call.say("a b")
        await let_repair()

        assert await call.understood() == "a b"


async def test_the_language_changes_within_the_call_and_the_utterance_goes_on() -> None:
    first = FlakyTranscriber()
    async with calling(first) as call:
        call.say("a")
        await call.stream.use_language("hi-IN")
        call.say("b")
        transcript = await call.stream.finish_utterance()

    assert (transcript.text, transcript.language, first.openings) == ("a b", "hi-IN", 1)


async def test_an_engine_that_cannot_change_its_language_is_opened_anew_in_it() -> None:
    first = FlakyTranscriber(Hearing(changes_language=False))
    async with calling(first) as call:
        call.say("a")
        await call.stream.use_language("hi-IN")
        call.say("b")
        transcript = await call.stream.finish_utterance()

    assert (transcript.text, transcript.language, first.openings) == ("a b", "hi-IN", 2)


async def test_a_language_that_no_engine_hears_is_told() -> None:
    first = FlakyTranscriber(Hearing(changes_language=False), FAILURE)
    async with calling(first) as call:
        with pytest.raises(SpeechUnavailable):
            await call.stream.use_language("hi-IN")


async def test_a_repair_after_a_change_of_language_keeps_the_language() -> None:
    first = FlakyTranscriber(Hearing(results=[FAILURE]))
    async with calling(first) as call:
        await call.stream.use_language("hi-IN")
        call.say("a")

        assert (await call.stream.finish_utterance()).language == "hi-IN"


async def test_one_engine_that_cannot_warm_up_does_not_keep_the_others_from_work() -> None:
    await ReliableTranscriber({"a": FlakyTranscriber(warms_up=False), "b": FlakyTranscriber()}).warm_up()


async def test_without_any_engine_that_warms_up_the_service_does_not_start() -> None:
    with pytest.raises(SpeechUnavailable):
        await ReliableTranscriber({"a": FlakyTranscriber(warms_up=False)}).warm_up()


@pytest.mark.parametrize("gate_is_open", [True, False])
async def test_nothing_is_left_running_when_a_call_ends_in_the_middle_of_a_repair(*, gate_is_open: bool) -> None:
    before = asyncio.all_tasks()
    gate = asyncio.Event()
    first = FlakyTranscriber(Hearing(lost_after_bytes=1), HANG)
    second = FlakyTranscriber(gate=gate)
    async with calling(first, second, patience=Patience()) as call:
        call.say("a")
        await let_repair()
        if gate_is_open:
            gate.set()

    assert asyncio.all_tasks() == before


async def test_nothing_is_left_running_when_the_call_ends_while_an_utterance_is_heard_again() -> None:
    before = asyncio.all_tasks()
    first = FlakyTranscriber(Hearing(results=[FAILURE]), Hearing(results=[HANG]))
    async with calling(first, patience=Patience()) as call:
        call.say("a")
        understanding = asyncio.create_task(call.understood())
        await let_repair()
        understanding.cancel()
        await asyncio.wait([understanding])

    assert asyncio.all_tasks() == before


async def test_closing_twice_is_safe() -> None:
    async with calling(FlakyTranscriber()) as call:
        await call.stream.aclose()

        assert call.stream.is_lost
