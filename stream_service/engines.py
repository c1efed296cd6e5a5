"""The speech engines that settings choose, made to outlive each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from shared.wiring import engines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.settings import Settings
    from stream_service.listening.reliable import ReliableTranscriber
    from stream_service.listening.transcriber import Transcriber
    from stream_service.listening.vad import VoiceActivityDetector
    from stream_service.speaking.reliable import ReliableSynthesizer
    from stream_service.speaking.synthesizer import Synthesizer

_REMEMBERED_BYTES = 16_000_000


def transcriber(settings: Settings) -> ReliableTranscriber:
    """The recogniser named by SPEECH_TO_TEXT, and behind it the one named by SPEECH_TO_TEXT_FALLBACK."""
    from stream_service.listening.reliable import ReliableTranscriber

    names = (settings.speech_to_text, settings.speech_to_text_fallback)
    return ReliableTranscriber({name: _transcriber(name, settings) for name in names if name != "none"})


def synthesizer(settings: Settings, fixed_sentences: Sequence[str]) -> ReliableSynthesizer:
    """The voice named by TEXT_TO_SPEECH, and behind it the one named by TEXT_TO_SPEECH_FALLBACK.

    `fixed_sentences` are learnt at warm-up, in the default voice.
    """
    from stream_service.speaking.reliable import ReliableSynthesizer
    from stream_service.speaking.remembered import RememberedSpeech

    names = (settings.text_to_speech, settings.text_to_speech_fallback)
    # The scripted engine stands for one that speaks every answer anew: a load test must not hear a kept one.
    longest_bytes = 0 if settings.text_to_speech == "scripted" else _REMEMBERED_BYTES
    return ReliableSynthesizer(
        {name: _synthesizer(name, settings) for name in names if name != "none"},
        fixed_sentences=fixed_sentences,
        remembered=RememberedSpeech(longest_bytes=longest_bytes),
    )


def detector(settings: Settings) -> VoiceActivityDetector:
    """The detector named by VOICE_ACTIVITY."""
    match settings.voice_activity:
        case "silero":
            from stream_service.listening.silero import SileroDetector

            return SileroDetector()
        case "energy":
            from stream_service.listening.energy import EnergyDetector

            return EnergyDetector()


def _transcriber(name: Literal["transcribe", "local", "scripted"], settings: Settings) -> Transcriber:
    match name:
        case "transcribe":
            from stream_service.listening.aws_transcribe import AwsTranscribe

            return AwsTranscribe(engines.aws_session())
        case "local":
            from stream_service.listening.moonshine import MoonshineTranscriber

            return MoonshineTranscriber(Path(settings.speech_model_directory))
        case "scripted":
            from stream_service.listening.scripted import ScriptedTranscriber

            return ScriptedTranscriber()


def _synthesizer(name: Literal["polly", "local", "scripted"], settings: Settings) -> Synthesizer:
    match name:
        case "polly":
            from stream_service.speaking.polly import Polly

            return Polly(engines.aws_session())
        case "local":
            from stream_service.speaking.hibari import HibariSynthesizer

            return HibariSynthesizer()
        case "scripted":
            from stream_service.speaking.scripted import ScriptedSynthesizer

            return ScriptedSynthesizer(duration_ms=settings.scripted_speech_ms)
