from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.errors import SpeechUnavailable
from stream_service.listening.moonshine import MoonshineTranscriber, MoonshineTranscription
from tests.stream_service.listening.utterances import MODEL_DIR, Utterance, recorded_utterances

SPEECH = b"\x10" * 160
SILENCE = b"\xff" * 160


class FakeModel:
    """Says how much audio it was given; can be held up, made to fail, and remembers what it was asked."""

    def __init__(self) -> None:
        self.windows: list[bytes] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.failure: Exception | None = None

    def recognise(self, mulaw: bytes, *, holds_speech: bool, is_abandoned: Callable[[], bool]) -> str:
        self.windows.append(mulaw)
        assert self.may_answer.wait(5)
        if self.failure:
            raise self.failure
        return f"heard {len(mulaw) // 160}"


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


async def open_stream(
    model: FakeModel, partials: list[str] | None = None, *, timeout_seconds: float = 5.0
) -> MoonshineTranscription:
    transcriber = MoonshineTranscriber(Path("unused"), timeout_seconds=timeout_seconds, load_model=lambda _: model)
    stream = await transcriber.open(language="en-IN", on_partial=(partials if partials is not None else []).append)
    model.windows.clear()
    return stream


def feed(stream: MoonshineTranscription, speech_frames: int, silent_frames: int = 0) -> None:
    for _ in range(speech_frames):
        stream.feed(SPEECH, is_speech=True)
    for _ in range(silent_frames):
        stream.feed(SILENCE, is_speech=False)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def test_final_text_covers_speech_and_what_surrounds_it(model: FakeModel) -> None:
    stream = await open_stream(model)

    feed(stream, 20, 30)
    transcript = await stream.finish_utterance()

    assert transcript.text == "heard 35"
    assert transcript.language == "en-IN"


async def test_silence_has_no_words_and_does_not_trouble_the_model(model: FakeModel) -> None:
    stream = await open_stream(model)

    feed(stream, 0, 100)
    transcript = await stream.finish_utterance()

    assert transcript.text == ""
    assert model.windows == []


async def test_pause_recognises_ahead_of_time_and_only_once(model: FakeModel) -> None:
    stream = await open_stream(model)
    feed(stream, 20, 10)

    stream.pause()
    feed(stream, 0, 10)
    stream.pause()
    transcript = await stream.finish_utterance()

    assert transcript.text == "heard 30"
    assert len(model.windows) == 1


async def test_speech_after_a_pause_makes_the_early_result_void(model: FakeModel) -> None:
    stream = await open_stream(model)
    feed(stream, 20, 5)
    stream.pause()

    feed(stream, 3, 15)
    transcript = await stream.finish_utterance()

    assert transcript.text == "heard 43"


async def test_partial_comes_while_the_caller_speaks(model: FakeModel) -> None:
    partials: list[str] = []
    stream = await open_stream(model, partials)

    feed(stream, 30)
    await until(lambda: partials)

    assert partials == ["heard 30"]


async def test_words_are_told_as_soon_as_they_are_known_after_a_pause(model: FakeModel) -> None:
    partials: list[str] = []
    stream = await open_stream(model, partials)
    feed(stream, 20, 10)

    stream.pause()
    await until(lambda: partials)

    assert partials == ["heard 30"]
    assert (await stream.finish_utterance()).text == "heard 30"
    assert partials == ["heard 30"]


async def test_words_of_a_pause_that_is_over_are_not_told(model: FakeModel) -> None:
    partials: list[str] = []
    stream = await open_stream(model, partials)
    model.may_answer.clear()
    feed(stream, 20, 10)
    stream.pause()
    feed(stream, 1)
    model.may_answer.set()
    await stream.finish_utterance()

    assert partials == []


async def test_another_language_is_taken_for_english_within_the_call(model: FakeModel) -> None:
    stream = await open_stream(model)
    await stream.use_language("hi-IN")
    feed(stream, 20, 10)

    assert (await stream.finish_utterance()).language == "en"
    assert not stream.is_lost


async def test_short_speech_has_no_partial(model: FakeModel) -> None:
    stream = await open_stream(model)

    feed(stream, 29)

    assert model.windows == []


async def test_only_one_partial_of_a_call_is_made_at_a_time(model: FakeModel) -> None:
    stream = await open_stream(model)
    model.may_answer.clear()

    feed(stream, 200)
    await until(lambda: model.windows)
    model.may_answer.set()

    assert len(model.windows) == 1


async def test_partials_leave_a_thread_to_final_results_of_other_calls(model: FakeModel) -> None:
    transcriber = MoonshineTranscriber(Path("unused"), workers=2, load_model=lambda _: model)
    talking = [await transcriber.open(language="en-IN", on_partial=lambda _: None) for _ in range(3)]
    model.windows.clear()
    model.may_answer.clear()

    for stream in talking:
        feed(stream, 100)
    await until(lambda: model.windows)

    assert len(model.windows) == 1
    model.may_answer.set()


async def test_partial_that_comes_after_the_turn_is_not_reported(model: FakeModel) -> None:
    partials: list[str] = []
    stream = await open_stream(model, partials)
    model.may_answer.clear()
    feed(stream, 40)

    finishing = asyncio.ensure_future(stream.finish_utterance())
    await asyncio.sleep(0)
    model.may_answer.set()
    await finishing

    assert partials == []


async def test_long_speech_is_recognised_in_several_windows(model: FakeModel) -> None:
    stream = await open_stream(model)

    feed(stream, 1500)
    transcript = await stream.finish_utterance()

    sizes = [int(word) for word in transcript.text.replace("heard", "").split()]
    assert len(sizes) >= 3
    assert sum(sizes) == 1500
    assert max(sizes) <= 700


async def test_audio_of_the_next_turn_is_kept_while_a_result_is_awaited(model: FakeModel) -> None:
    stream = await open_stream(model)
    feed(stream, 20)
    model.may_answer.clear()
    finishing = asyncio.ensure_future(stream.finish_utterance())
    await asyncio.sleep(0)

    feed(stream, 7)
    model.may_answer.set()

    assert (await finishing).text == "heard 20"
    assert (await stream.finish_utterance()).text == "heard 7"


async def test_discarded_speech_is_not_part_of_the_next_result(model: FakeModel) -> None:
    stream = await open_stream(model)
    feed(stream, 10)
    stream.pause()

    stream.discard_utterance()
    feed(stream, 5)

    assert (await stream.finish_utterance()).text == "heard 5"


async def test_slow_model_is_an_error_and_the_audio_is_forgotten(model: FakeModel) -> None:
    stream = await open_stream(model, timeout_seconds=0.01)
    model.may_answer.clear()
    feed(stream, 20)

    with pytest.raises(SpeechUnavailable):
        await stream.finish_utterance()
    model.may_answer.set()

    assert (await stream.finish_utterance()).text == ""


async def test_partial_that_covers_all_speech_serves_when_the_final_is_too_slow(model: FakeModel) -> None:
    partials: list[str] = []
    stream = await open_stream(model, partials, timeout_seconds=0.01)
    feed(stream, 30)
    await until(lambda: partials)
    model.may_answer.clear()

    transcript = await stream.finish_utterance()
    model.may_answer.set()

    assert transcript.text == "heard 30"


async def test_failing_model_is_reported_as_unavailable_speech(model: FakeModel) -> None:
    stream = await open_stream(model)
    model.failure = RuntimeError("out of memory")
    feed(stream, 20)

    with pytest.raises(SpeechUnavailable):
        await stream.finish_utterance()


async def test_other_languages_are_reported_as_the_english_they_are_taken_for(model: FakeModel) -> None:
    transcriber = MoonshineTranscriber(Path("unused"), load_model=lambda _: model)
    stream = await transcriber.open(language="hi-IN", on_partial=lambda _: None)
    feed(stream, 20)

    transcript = await stream.finish_utterance()

    assert transcript.language == "en"


async def test_closing_twice_is_safe(model: FakeModel) -> None:
    stream = await open_stream(model)
    feed(stream, 40)

    await stream.aclose()
    await stream.aclose()


@pytest.mark.integration
@pytest.mark.parametrize("utterance", recorded_utterances(), ids=lambda utterance: utterance.name)
async def test_telephone_speech_is_understood_with_partials_on_the_way(utterance: Utterance) -> None:
    partials: list[str] = []
    transcriber = MoonshineTranscriber(MODEL_DIR)
    stream = await transcriber.open(language="en-IN", on_partial=partials.append)

    for start in range(0, len(utterance.mulaw), 160):
        stream.feed(utterance.mulaw[start : start + 160], is_speech=True)
        await asyncio.sleep(0.001)
    stream.pause()
    transcript = await stream.finish_utterance()

    assert transcript.text.rstrip(".?,!").casefold() == utterance.text.rstrip(".?").casefold()
    assert partials
