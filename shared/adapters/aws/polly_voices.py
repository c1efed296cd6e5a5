"""Which of Amazon Polly's voices says a text.

Polly speaks Indian English and Hindi, but none of India's other languages and hardly any of South-East Asia. What is
written in Latin letters or Devanagari is left to the voices there are; other scripts they would pass over in silence.

Source: Amazon Polly Developer Guide, "Available voices" and "Bilingual voices".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from shared.domain.voice import DEFAULT_VOICE, Voice
from shared.errors import SpeechRefused

Engine = Literal["standard", "neural", "long-form", "generative"]

_ENGLISH, _HINDI = "en-IN", "hi-IN"
_DEVANAGARI = re.compile(r"[\u0904-\u0939\u0958-\u0961]")
_FOREIGN_LETTER = re.compile(r"[^\W\d_a-zA-Z\u00aa-\u024f\u0300-\u036f\u0900-\u097f\u1e00-\u1eff]")
_STANDARD_ONLY = frozenset({"Aditi", "Raveena"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PollyVoice:
    """A voice of Polly: its VoiceId, and an engine that has it."""

    voice_id: str
    engine: Engine = "neural"


DEFAULT_VOICES: Mapping[str, PollyVoice] = MappingProxyType(
    {
        "en-IN": PollyVoice(voice_id="Kajal"),
        "hi-IN": PollyVoice(voice_id="Kajal"),
        "en-SG": PollyVoice(voice_id="Jasmine"),
        "en-GB": PollyVoice(voice_id="Amy"),
        "en-US": PollyVoice(voice_id="Joanna"),
        "en-AU": PollyVoice(voice_id="Olivia"),
    }
)
"""Who speaks a language when the agent asks for the default voice."""


def choose_voice(text: str, voice: Voice, voices: Mapping[str, PollyVoice]) -> tuple[PollyVoice, str]:
    """The voice and the language code for a text; `voices` holds the default voice of each language.

    Devanagari is read as Hindi, whatever the agent's language. A language without a voice is read in Indian English.

    Raises:
        SpeechRefused: the text is in a script that no voice reads.
    """
    code = voice.language if voice.language in voices else _ENGLISH
    if _DEVANAGARI.search(text):
        code = _HINDI
    if code.startswith(("en-", "hi-")) and _FOREIGN_LETTER.search(text):
        message = f"Polly has no voice for {voice.language}"
        raise SpeechRefused(message)
    chosen = voices.get(code)
    if chosen is None:
        message = f"No voice of Polly is set for {code}"
        raise SpeechRefused(message)
    if voice.name == DEFAULT_VOICE:
        return chosen, code
    return PollyVoice(voice_id=voice.name, engine="standard" if voice.name in _STANDARD_ONLY else chosen.engine), code
