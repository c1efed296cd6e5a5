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


def transcriber(settings: Settings) -> ReliableTranscriber:
    """The recogniser named by SPEECH_TO_TEXT."""
    from stream_service.listening.reliable import ReliableTranscriber

    name = settings.speech_to_text
    return ReliableTranscriber({name: _transcriber(name, settings)})


def synthesizer(settings: Settings, fixed_sentences: Sequence[str]) -> ReliableSynthesizer:
    """The voice named by TEXT_TO_SPEECH; `fixed_sentences` are learnt at warm-up."""
    from stream_service.speaking.reliable import ReliableSynthesizer

    name = settings.text_to_speech
    return ReliableSynthesizer({name: _synthesizer(name, settings)}, fixed_sentences=fixed_sentences)


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
