"""A dead voice leads to another try, then another engine, then what is known by heart, never to silence."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from shared.domain.voice import Voice
from shared.errors import SpeechRefused, SpeechUnavailable
from stream_service.media.audio import BYTES_PER_MS
from stream_service.speaking.reliable import ReliableSynthesizer
from stream_service.speaking.remembered import RememberedSpeech
from tests.fakes.flaky_engines import HANG, FlakySynthesizer, SpeechPlan

VOICE = Voice(name="Kajal", language="en-IN")
FAILURE = SpeechUnavailable("out of order")
APOLOGY = "I'm sorry, something went wrong."
GOOD = b"\x10" * 800
OTHER = b"\x20" * 800
SHORT = b"\x01" * (200 * BYTES_PER_MS)
LONG = b"\x01" * (300 * BYTES_PER_MS)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def reliable(
    first: FlakySynthesizer, second: FlakySynthesizer | None = None, *, clock: Clock | None = None
) -> ReliableSynthesizer:
    engines = {"first": first} if second is None else {"first": first, "second": second}
    return ReliableSynthesizer(engines, fixed_sentences=[APOLOGY], first_piece_seconds=0.02, clock=clock or Clock())


async def spoken(synthesizer: ReliableSynthesizer, text: str = "Hello.", voice: Voice = VOICE) -> bytes:
    return b"".join([piece async for piece in synthesizer.speak(text, voice)])


async def test_the_preferred_engine_speaks_and_no_other_is_asked() -> None:
    first, second = FlakySynthesizer(audio=GOOD), FlakySynthesizer()

    assert await spoken(reliable(first, second)) == GOOD
    assert first.asked == [("Hello.", VOICE)]
    assert second.asked == []


async def test_a_failure_before_the_first_sound_is_tried_once_more_on_the_same_engine() -> None:
    first, second = FlakySynthesizer([FAILURE], audio=GOOD), FlakySynthesizer(audio=OTHER)

    assert await spoken(reliable(first, second)) == GOOD
    assert len(first.asked) == 2


async def test_after_two_failures_the_next_engine_speaks() -> None:
    first, second = FlakySynthesizer([FAILURE], [FAILURE]), FlakySynthesizer(audio=OTHER)

    assert await spoken(reliable(first, second)) == OTHER
    assert len(first.asked) == 2


async def test_an_engine_that_does_not_begin_in_time_is_left_for_the_next_at_once() -> None:
    first, second = FlakySynthesizer([HANG]), FlakySynthesizer(audio=OTHER)

    assert await spoken(reliable(first, second)) == OTHER
    assert len(first.asked) == 1
    assert first.ended == 1


async def test_an_engine_that_does_not_begin_in_time_has_another_try_when_there_is_no_other() -> None:
    first = FlakySynthesizer([HANG], audio=GOOD)

    assert await spoken(reliable(first)) == GOOD


async def test_when_every_engine_fails_the_sentence_is_unavailable() -> None:
    engines = FlakySynthesizer([FAILURE], [FAILURE]), FlakySynthesizer([FAILURE], [FAILURE])

    with pytest.raises(SpeechUnavailable):
        await spoken(reliable(*engines))


async def test_tries_end_when_the_caller_has_waited_too_long() -> None:
    clock = Clock()

    class Slow(FlakySynthesizer):
        async def speak(self, text, voice):  # type: ignore[no-untyped-def]
            clock.seconds += 5
            async for piece in super().speak(text, voice):
                yield piece

    first, second = Slow([FAILURE]), FlakySynthesizer()

    with pytest.raises(SpeechUnavailable):
        await spoken(reliable(first, second, clock=clock))
    assert (len(first.asked), second.asked) == (1, [])


async def test_a_sentence_that_breaks_off_within_300_ms_is_said_again_whole() -> None:
    first = FlakySynthesizer([SHORT, FAILURE], audio=GOOD)

    assert await spoken(reliable(first)) == SHORT + GOOD


async def test_a_sentence_that_breaks_off_later_is_not_said_twice() -> None:
    first, second = FlakySynthesizer([LONG, FAILURE]), FlakySynthesizer()
    async with aclosing(reliable(first, second).speak("Hello.", VOICE)) as pieces:
        heard = await anext(pieces)
        with pytest.raises(SpeechUnavailable):
            await anext(pieces)

    assert heard == LONG
    assert (len(first.asked), second.asked) == (1, [])


async def test_a_voice_that_the_engine_does_not_know_is_replaced_by_its_default_voice() -> None:
    first, second = FlakySynthesizer([SpeechRefused("no such voice")], audio=GOOD), FlakySynthesizer()

    assert await spoken(reliable(first, second)) == GOOD
    assert first.asked[1][1] == Voice(language="en-IN")
    assert second.asked == []


async def test_a_text_that_the_engine_refuses_goes_to_the_next_one() -> None:
    first, second = FlakySynthesizer([SpeechRefused("no Tamil")]), FlakySynthesizer(audio=OTHER)

    assert await spoken(reliable(first, second), voice=Voice(language="ta-IN")) == OTHER
    assert len(first.asked) == 1


async def test_refusals_do_not_make_an_engine_count_as_dead() -> None:
    first = FlakySynthesizer(*[[SpeechRefused("no Tamil")]] * 5, audio=GOOD)
    synthesizer = reliable(first)
    for number in range(5):
        with pytest.raises(SpeechUnavailable):
            await spoken(synthesizer, f"Tamil {number}.", Voice(language="ta-IN"))

    assert await spoken(synthesizer) == GOOD


async def test_a_dead_engine_is_skipped_at_once_and_tried_again_after_a_pause() -> None:
    clock = Clock()
    first, second = FlakySynthesizer(*[[FAILURE]] * 4, audio=GOOD), FlakySynthesizer(audio=OTHER)
    synthesizer = reliable(first, second, clock=clock)
    for number in range(2):
        await spoken(synthesizer, f"{number}.")
    asked = len(first.asked)

    assert await spoken(synthesizer, "Skipped.") == OTHER
    assert len(first.asked) == asked
    clock.seconds += 30
    await spoken(synthesizer, "Tried.")
    clock.seconds += 60
    assert await spoken(synthesizer, "Well again.") == GOOD


async def test_failures_with_successes_between_them_do_not_make_an_engine_count_as_dead() -> None:
    plans: list[SpeechPlan] = [[FAILURE], [FAILURE], [GOOD]] * 3
    first, second = FlakySynthesizer(*plans, audio=GOOD), FlakySynthesizer(audio=OTHER)
    synthesizer = reliable(first, second)
    heard = [await spoken(synthesizer, f"{number}.") for number in range(6)]

    assert heard == [OTHER, GOOD] * 3


async def test_a_sentence_that_broke_off_is_not_begun_anew_from_memory() -> None:
    first = FlakySynthesizer([GOOD], [LONG, FAILURE])
    synthesizer = reliable(first)
    await spoken(synthesizer, "Hello.", Voice(name="Aditi"))

    with pytest.raises(SpeechUnavailable):
        await spoken(synthesizer, "Hello.", VOICE)


async def test_what_was_prepared_outlives_all_that_is_said_afterwards() -> None:
    first = FlakySynthesizer(audio=GOOD)
    synthesizer = ReliableSynthesizer({"first": first}, remembered=RememberedSpeech(longest_bytes=4 * len(GOOD)))
    await synthesizer.prepare(["Hello, this is Vaani. How can I help?"], VOICE)
    for number in range(9):
        await spoken(synthesizer, f"{number}.")

    assert synthesizer.remembered.knows("How can I help?", VOICE)
    assert synthesizer.remembered.knows("Hello, this is Vaani. How can I help?", VOICE)


async def test_a_sentence_said_before_needs_no_engine() -> None:
    first = FlakySynthesizer(audio=GOOD)
    synthesizer = reliable(first)
    await spoken(synthesizer, "Welcome to Vaani.")

    assert await spoken(synthesizer, "Welcome to Vaani.") == GOOD
    assert len(first.asked) == 1
    assert synthesizer.remembered.hits == 1


async def test_a_sentence_is_remembered_without_its_stutter() -> None:
    synthesizer = reliable(FlakySynthesizer([SHORT, FAILURE], audio=GOOD))
    await spoken(synthesizer)

    assert await spoken(synthesizer) == GOOD


async def test_a_sentence_that_the_caller_interrupted_is_not_remembered() -> None:
    first = FlakySynthesizer([LONG, LONG], audio=GOOD)
    synthesizer = reliable(first)
    async with aclosing(synthesizer.speak("Hello.", VOICE)) as pieces:
        await anext(pieces)

    assert first.ended == 1
    assert await spoken(synthesizer) == GOOD


async def test_fixed_sentences_are_ready_after_warm_up_whatever_happens_to_the_engine() -> None:
    first = FlakySynthesizer(audio=GOOD)
    synthesizer = reliable(first)
    await synthesizer.warm_up()
    asked = len(first.asked)

    assert await spoken(synthesizer, APOLOGY, Voice()) == GOOD
    assert len(first.asked) == asked


async def test_an_apology_is_heard_in_another_voice_when_no_engine_can_say_it() -> None:
    first = FlakySynthesizer([GOOD], [FAILURE], [FAILURE])
    synthesizer = reliable(first)
    await synthesizer.warm_up()

    assert await spoken(synthesizer, APOLOGY, Voice(name="Aditi", language="hi-IN")) == GOOD


async def test_greetings_are_prepared_sentence_by_sentence_as_they_will_be_asked_for() -> None:
    first = FlakySynthesizer()
    synthesizer = reliable(first)
    await synthesizer.prepare(["Hello, this is Vaani. How can I help?"], VOICE)

    assert [text for text, _ in first.asked] == ["Hello, this is Vaani.", "How can I help?"]
    await spoken(synthesizer, "How can I help?")
    assert len(first.asked) == 2


async def test_a_prepared_text_may_also_be_asked_for_as_a_whole() -> None:
    first = FlakySynthesizer([GOOD], [OTHER])
    synthesizer = reliable(first)
    await synthesizer.prepare(["Hello, this is Vaani. How can I help?"], VOICE)

    assert await spoken(synthesizer, "Hello, this is Vaani. How can I help?") == GOOD + OTHER
    assert len(first.asked) == 2


async def test_what_is_known_is_not_prepared_again() -> None:
    first = FlakySynthesizer()
    synthesizer = reliable(first)
    for _ in range(2):
        await synthesizer.prepare(["Hello."], VOICE)

    assert len(first.asked) == 1


async def test_preparation_ends_when_it_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_service.speaking.reliable._PREPARATION_SECONDS", 0.01)
    first = FlakySynthesizer([HANG])
    synthesizer = ReliableSynthesizer({"first": first}, first_piece_seconds=60)
    await synthesizer.prepare(["Hello."], VOICE)

    assert first.ended == 1


async def test_the_service_starts_although_the_fixed_sentences_cannot_be_spoken() -> None:
    synthesizer = reliable(FlakySynthesizer([FAILURE], [FAILURE], audio=GOOD))
    await synthesizer.warm_up()

    assert synthesizer.remembered.size_bytes == 0
    assert await spoken(synthesizer) == GOOD


async def test_one_engine_that_cannot_warm_up_does_not_keep_the_others_from_work() -> None:
    await reliable(FlakySynthesizer(warms_up=False), FlakySynthesizer()).warm_up()


async def test_without_any_engine_that_warms_up_the_service_does_not_start() -> None:
    with pytest.raises(SpeechUnavailable):
        await reliable(FlakySynthesizer(warms_up=False), FlakySynthesizer(warms_up=False)).warm_up()


async def test_nothing_is_left_running_after_failures_and_interruptions() -> None:
    before = asyncio.all_tasks()
    first, second = FlakySynthesizer([HANG], [FAILURE], [LONG, HANG]), FlakySynthesizer([HANG])
    synthesizer = reliable(first, second)
    for number in range(3):
        async with aclosing(synthesizer.speak(f"{number}.", VOICE)) as pieces:
            await anext(pieces)

    assert asyncio.all_tasks() == before
    assert first.ended == len(first.asked)
    assert second.ended == len(second.asked)
