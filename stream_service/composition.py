"""Composition root of the stream service: the engines that settings choose, joined to the shared use cases."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from shared import wiring
from shared.adapters.twilio.signature import TwilioSignature
from shared.wiring import engines, stores
from stream_service.app import create_app
from stream_service.call_services import CallServices
from stream_service.heartbeat import Heartbeat
from stream_service.media_endpoint import MediaEndpoint
from stream_service.session import serve_call
from stream_service.turn_taking import TurnTiming

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from shared.domain.call import StreamTicket
    from shared.settings import Settings
    from stream_service.listening.transcriber import Transcriber
    from stream_service.listening.vad import VoiceActivityDetector
    from stream_service.live_calls import LiveCalls
    from stream_service.media.transport import MediaTransport
    from stream_service.speaking.synthesizer import Synthesizer


def stream_app(settings: Settings, live_calls: LiveCalls) -> Starlette:
    """The whole service, wired."""
    services = _call_services(settings)

    async def serve(ticket: StreamTicket, transport: MediaTransport) -> None:
        await serve_call(services, ticket, transport)

    async def warm_up() -> None:
        """Load what the first call would otherwise wait for."""
        services.detector.warm_up()
        await asyncio.gather(services.transcriber.warm_up(), services.synthesizer.warm_up(), _warm_stores())

    signature = TwilioSignature(
        auth_token=settings.twilio_auth_token.get_secret_value(), public_base_url=settings.public_base_url
    )
    media = MediaEndpoint(signature, stores.stream_tickets(), live_calls, serve)
    return create_app(media, live_calls, Heartbeat(live_calls, wiring.live_tasks()), warm_up)


async def _warm_stores() -> None:
    await stores.agents().profiles()
    embedder = engines.embedder()
    if embedder is not None:
        await embedder.embed(["Hello"])


def _call_services(settings: Settings) -> CallServices:
    return CallServices(
        open_call=wiring.open_call(),
        answer=wiring.answer_message(),
        close_call=wiring.close_call(),
        calls=stores.calls(),
        recordings=stores.recordings(),
        events=stores.events(),
        transcriber=_transcriber(settings),
        synthesizer=_synthesizer(settings),
        detector=_detector(settings),
        timing=TurnTiming(
            start_ms=settings.vad_start_ms,
            pause_ms=min(200, settings.vad_stop_ms),
            stop_ms=settings.vad_stop_ms,
        ),
        call_limit_seconds=settings.call_limit_seconds,
        can_transfer=wiring.can_transfer_calls(),
    )


def _transcriber(settings: Settings) -> Transcriber:
    match settings.speech_to_text:
        case "transcribe":
            from stream_service.listening.aws_transcribe import AwsTranscribe

            return AwsTranscribe(engines.aws_session())
        case "local":
            from stream_service.listening.moonshine import MoonshineTranscriber

            return MoonshineTranscriber(Path(settings.speech_model_directory))
        case "scripted":
            from stream_service.listening.scripted import ScriptedTranscriber

            return ScriptedTranscriber()


def _synthesizer(settings: Settings) -> Synthesizer:
    match settings.text_to_speech:
        case "polly":
            from stream_service.speaking.polly import Polly

            return Polly(engines.aws_session())
        case "local":
            from stream_service.speaking.hibari import HibariSynthesizer

            return HibariSynthesizer()
        case "scripted":
            from stream_service.speaking.scripted import ScriptedSynthesizer

            return ScriptedSynthesizer(duration_ms=settings.scripted_speech_ms)


def _detector(settings: Settings) -> VoiceActivityDetector:
    match settings.voice_activity:
        case "silero":
            from stream_service.listening.silero import SileroDetector

            return SileroDetector()
        case "energy":
            from stream_service.listening.energy import EnergyDetector

            return EnergyDetector()
