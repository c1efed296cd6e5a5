"""Who says what: by the agent's language, and by the script that has to be read."""

from __future__ import annotations

import pytest

from shared.adapters.aws.polly_voices import DEFAULT_VOICES, PollyVoice, choose_voice
from shared.domain.voice import Voice
from shared.errors import SpeechRefused

KAJAL = PollyVoice(voice_id="Kajal")


@pytest.mark.parametrize(
    ("text", "language", "voice_id", "code"),
    [
        ("Good morning.", "en-IN", "Kajal", "en-IN"),
        ("Good morning.", "en-SG", "Jasmine", "en-SG"),
        ("Aap kaise hain?", "hi-IN", "Kajal", "hi-IN"),
        ("नमस्ते, आप कैसे हैं?", "hi-IN", "Kajal", "hi-IN"),
        ("Your order: नमस्ते", "en-US", "Kajal", "hi-IN"),
        ("नमस्कार, तुम्ही कसे आहात?", "mr-IN", "Kajal", "hi-IN"),
        ("Selamat pagi.", "id-ID", "Kajal", "en-IN"),
        ("Xin chào, tôi có thể giúp gì?", "vi-VN", "Kajal", "en-IN"),
        ("Vanakkam, 24 rupees — café!", "ta-IN", "Kajal", "en-IN"),
    ],
)
def test_default_voice_is_chosen_by_language_and_script(text: str, language: str, voice_id: str, code: str) -> None:
    chosen, spoken_as = choose_voice(text, Voice(language=language), DEFAULT_VOICES)

    assert (chosen.voice_id, spoken_as) == (voice_id, code)


@pytest.mark.parametrize("text", ["வணக்கம்", "నమస్కారం", "নমস্কার", "สวัสดี", "ok 你好", "नमस्ते வணக்கம்"])
def test_script_that_no_voice_reads_is_refused_rather_than_passed_over_in_silence(text: str) -> None:
    with pytest.raises(SpeechRefused):
        choose_voice(text, Voice(language="ta-IN"), DEFAULT_VOICES)


def test_named_voice_keeps_its_name_and_has_the_engine_that_knows_it() -> None:
    aditi, _ = choose_voice("Hello.", Voice(name="Aditi", language="en-IN"), DEFAULT_VOICES)
    arjun, _ = choose_voice("Hello.", Voice(name="Arjun", language="en-IN"), DEFAULT_VOICES)

    assert aditi == PollyVoice(voice_id="Aditi", engine="standard")
    assert arjun == PollyVoice(voice_id="Arjun", engine="neural")


def test_language_that_was_given_a_voice_is_spoken_by_it() -> None:
    voices = {"en-IN": KAJAL, "ko-KR": PollyVoice(voice_id="Seoyeon")}

    assert choose_voice("안녕하세요", Voice(language="ko-KR"), voices) == (PollyVoice(voice_id="Seoyeon"), "ko-KR")


def test_without_any_voice_that_fits_it_is_refused() -> None:
    with pytest.raises(SpeechRefused):
        choose_voice("Hello.", Voice(language="ta-IN"), {})
