"""A Pipecat server for Twilio's media streams, with stand-ins for recognition, model and voice.

Runs in an environment of its own and knows nothing of this repository. Put together as Pipecat's
own telephone template is, but for the end of a turn: after 200 ms of silence, as with all servers of the benchmark, not
by a model. With `energy` voice activity is loudness and everything optional is off: the leanest call Pipecat can hold.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import sys
from array import array
from collections.abc import AsyncGenerator
from dataclasses import fields

import uvicorn
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADAnalyzer, VADParams
from pipecat.frames.frames import (
    Frame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.processors.frame_processor import FrameDirection
from pipecat.runner.utils import parse_telephony_websocket
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.services.llm_service import LLMService
from pipecat.services.settings import LLMSettings, STTSettings, TTSSettings
from pipecat.services.stt_service import STTService
from pipecat.services.tts_service import TTSService
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.turns.user_start import VADUserTurnStartStrategy
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.utils.time import time_now_iso8601
from pipecat.workers.runner import WorkerRunner

SAMPLE_RATE_HZ = 8000
SPEECH_MS, PIECE_MS = 2000, 200
START_SECONDS = STOP_SECONDS = 0.2
QUIET_RMS = 500
GREETING = "Hello, how can I help you?"
WORDS = ("Thank", "you", "for", "calling", "our", "clinic", "which", "is", "open", "today", "until", "six")
REPLY = [WORDS[number % len(WORDS)] for number in range(20)]


def make_tone() -> bytes:
    """Two seconds of 440 Hz, 16-bit PCM."""
    steps = range(SPEECH_MS * SAMPLE_RATE_HZ // 1000)
    return array("h", (round(8000 * math.sin(2 * math.pi * 440 * n / SAMPLE_RATE_HZ)) for n in steps)).tobytes()


TONE = make_tone()


class LoudnessAnalyzer(VADAnalyzer):
    """Speech is what is loud."""

    def num_frames_required(self) -> int:
        """20 ms."""
        return self.sample_rate // 50

    def voice_confidence(self, buffer: bytes) -> float:
        """1 for a loud window, 0 for a quiet one."""
        samples = array("h", buffer)
        return 1.0 if sum(sample * sample for sample in samples) >= QUIET_RMS**2 * len(samples) else 0.0


class ScriptedSTT(STTService):
    """Hears the same words whenever somebody has finished speaking, without delay."""

    def __init__(self) -> None:
        super().__init__(ttfs_p99_latency=0.0, settings=STTSettings(model=None, language=None))

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:  # noqa: ARG002  hears what it was told
        """Nothing until the end of the utterance."""
        yield None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Add the transcript behind the end of speech."""
        await super().process_frame(frame, direction)
        if isinstance(frame, VADUserStoppedSpeakingFrame):
            text = "What are your opening hours?"
            await self.push_frame(TranscriptionFrame(text, "", time_now_iso8601(), finalized=True))


class ScriptedLLM(LLMService):
    """Says twenty words, a token each, without delay."""

    def __init__(self) -> None:
        names = [field.name for field in fields(LLMSettings) if field.init and field.name != "extra"]
        super().__init__(settings=LLMSettings(**dict.fromkeys(names)))

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Answer a context."""
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        await self.push_frame(LLMFullResponseStartFrame())
        for number, word in enumerate(REPLY):
            await self.push_frame(LLMTextFrame(f" {word}" if number else word))
            await asyncio.sleep(0)
        await self.push_frame(LLMFullResponseEndFrame())


class ScriptedTTS(TTSService):
    """Says everything as the same tone, at once."""

    def __init__(self) -> None:
        super().__init__(
            push_start_frame=True,
            push_stop_frames=True,
            sample_rate=SAMPLE_RATE_HZ,
            settings=TTSSettings(model=None, voice=None, language=None),
        )

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:  # noqa: ARG002  one tone
        """Yield the tone in pieces."""
        size = PIECE_MS * SAMPLE_RATE_HZ // 1000 * 2
        for start in range(0, len(TONE), size):
            yield TTSAudioRawFrame(TONE[start : start + size], SAMPLE_RATE_HZ, 1, context_id=context_id)
            await asyncio.sleep(0)


def voice_activity(kind: str) -> VADAnalyzer:
    """A detector of its own for every call, as Pipecat has it."""
    params = VADParams(start_secs=START_SECONDS, stop_secs=STOP_SECONDS)
    return SileroVADAnalyzer(params=params) if kind == "silero" else LoudnessAnalyzer(params=params)


async def hold_call(socket: WebSocket, kind: str) -> None:
    """Serve one stream until the caller hangs up."""
    await socket.accept()
    _, call = await parse_telephony_websocket(socket)
    serializer = TwilioFrameSerializer(
        stream_sid=call["stream_id"],
        call_sid=call["call_id"],
        params=TwilioFrameSerializer.InputParams(auto_hang_up=False),
    )
    transport = FastAPIWebsocketTransport(
        websocket=socket,
        params=FastAPIWebsocketParams(audio_in_enabled=True, audio_out_enabled=True, serializer=serializer),
    )
    strategies = UserTurnStrategies(
        start=[VADUserTurnStartStrategy()], stop=[SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.0)]
    )
    user, assistant = LLMContextAggregatorPair(
        LLMContext(),
        user_params=LLMUserAggregatorParams(user_turn_strategies=strategies, vad_analyzer=voice_activity(kind)),
    )
    pipeline = Pipeline(
        [transport.input(), ScriptedSTT(), user, ScriptedLLM(), ScriptedTTS(), transport.output(), assistant]
    )
    is_rich = kind == "silero"
    worker = PipelineWorker(
        pipeline,
        params=PipelineParams(
            audio_in_sample_rate=SAMPLE_RATE_HZ,
            audio_out_sample_rate=SAMPLE_RATE_HZ,
            enable_metrics=is_rich,
            enable_usage_metrics=is_rich,
        ),
        enable_turn_tracking=is_rich,
        enable_rtvi=None if is_rich else False,
        cancel_on_idle_timeout=False,
    )

    @transport.event_handler("on_client_connected")
    async def greet(_transport: object, _client: object) -> None:
        await worker.queue_frame(TTSSpeakFrame(GREETING))

    @transport.event_handler("on_client_disconnected")
    async def end(_transport: object, _client: object) -> None:
        await worker.cancel()

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--voice-activity", choices=["silero", "energy"], required=True)
    options = parser.parse_args()
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    app = FastAPI()

    @app.websocket("/ws")
    async def stream(socket: WebSocket) -> None:
        await hold_call(socket, options.voice_activity)

    # As in our own service: the fastest of uvicorn's WebSocket implementations, no compression.
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=options.port,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
