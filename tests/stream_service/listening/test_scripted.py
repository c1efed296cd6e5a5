from __future__ import annotations

from stream_service.listening.scripted import ScriptedTranscriber

FRAME = b"\x10" * 160


async def test_each_utterance_is_the_next_text() -> None:
    stream = await ScriptedTranscriber(["one", "two"]).open(language="en-IN", on_partial=lambda _: None)

    heard = []
    for _ in range(3):
        stream.feed(FRAME, is_speech=True)
        heard.append((await stream.finish_utterance()).text)

    assert heard == ["one", "two", "one"]


async def test_silence_has_no_words_and_uses_up_no_text() -> None:
    stream = await ScriptedTranscriber(["one"]).open(language="en-IN", on_partial=lambda _: None)
    stream.feed(FRAME, is_speech=False)

    assert (await stream.finish_utterance()).text == ""


async def test_one_partial_comes_after_200_ms_of_speech() -> None:
    partials: list[str] = []
    stream = await ScriptedTranscriber(["one"]).open(language="en-IN", on_partial=partials.append)

    for _ in range(9):
        stream.feed(FRAME, is_speech=True)
    early = list(partials)
    for _ in range(50):
        stream.feed(FRAME, is_speech=True)

    assert early == []
    assert partials == ["one"]


async def test_discarded_speech_uses_up_no_text() -> None:
    stream = await ScriptedTranscriber(["one", "two"]).open(language="en-IN", on_partial=lambda _: None)
    stream.feed(FRAME, is_speech=True)
    stream.discard_utterance()

    assert (await stream.finish_utterance()).text == ""
    stream.feed(FRAME, is_speech=True)
    assert (await stream.finish_utterance()).text == "one"


async def test_transcripts_name_the_language_that_was_asked_for_last() -> None:
    stream = await ScriptedTranscriber(["one"]).open(language="en-IN", on_partial=lambda _: None)
    await stream.use_language("hi-IN")
    stream.feed(FRAME, is_speech=True)

    assert (await stream.finish_utterance()).language == "hi-IN"
    assert not stream.is_lost
