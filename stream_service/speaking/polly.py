"""Text to speech by Amazon Polly, which speaks telephone audio (mu-law, 8 kHz) by itself.

Source: Amazon Polly API reference, SynthesizeSpeech; Developer Guide, "Available voices".
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from shared.errors import SpeechUnavailable
from stream_service.media.audio import BYTES_PER_MS, SAMPLE_RATE_HZ
from stream_service.speaking.synthesizer import Voice

Engine = Literal["standard", "neural", "long-form", "generative"]

# The first piece is short, because the caller waits for it; the others are long, because each costs a thread's turn.
_FIRST_PIECE_BYTES = 100 * BYTES_PER_MS
_NEXT_PIECE_BYTES = 250 * BYTES_PER_MS

_FAILURES = (BotoCoreError, ClientError, HTTPError, OSError)


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


class Polly:
    """Synthesizer over SynthesizeSpeech.

    boto3 blocks, so each piece is read in a thread of a pool of `max_concurrent`, only when it is asked for. A sentence
    beyond the pool waits within its own timeout. Polly has no voices for Tamil, Malay and others: these are refused.
    """

    def __init__(
        self,
        session: boto3.Session,
        *,
        endpoint_url: str | None = None,
        voices: Mapping[str, PollyVoice] = DEFAULT_VOICES,
        connect_timeout_seconds: float = 2.0,
        first_piece_seconds: float = 4.0,
        next_piece_seconds: float = 4.0,
        max_concurrent: int = 64,
    ) -> None:
        """`voices` maps languages to default voices; a Voice with a name asks for that VoiceId in the same engine."""
        self._session = session
        self._endpoint_url = endpoint_url
        self._voices = voices
        self._first_piece_seconds = first_piece_seconds
        self._next_piece_seconds = next_piece_seconds
        self._threads = ThreadPoolExecutor(max_workers=max_concurrent, thread_name_prefix="polly")
        self._building = threading.Lock()
        self._built: Any = None
        self._config = Config(
            connect_timeout=connect_timeout_seconds,
            # A thread that nobody waits for any more ends after this time at the latest.
            read_timeout=max(first_piece_seconds, next_piece_seconds),
            retries={"mode": "standard", "total_max_attempts": 2},
            max_pool_connections=max_concurrent,
        )

    async def warm_up(self) -> None:
        """Load the service model and the credentials."""
        await asyncio.get_running_loop().run_in_executor(self._threads, self._client)

    async def speak(self, text: str, voice: Voice) -> AsyncGenerator[bytes, None]:
        """See Synthesizer.speak."""
        if not text.strip():
            return
        request = self._request(text, voice)
        deadline = asyncio.get_running_loop().time() + self._first_piece_seconds
        opening = self._threads.submit(self._synthesize, request)
        reading: Future[bytes] | None = None
        try:
            body = await self._wait(opening, deadline)
            size = _FIRST_PIECE_BYTES
            while True:
                reading = self._threads.submit(body.read, size)
                piece = await self._wait(reading, deadline)
                if not piece:
                    return
                yield piece
                size = _NEXT_PIECE_BYTES
                deadline = asyncio.get_running_loop().time() + self._next_piece_seconds
        finally:
            # Never waits: a thread that is still busy closes the body when it is done.
            (reading or opening).add_done_callback(lambda _: _close_body(opening))

    async def _wait(self, work: Future[Any], deadline: float) -> Any:
        try:
            async with asyncio.timeout_at(deadline):
                return await asyncio.wrap_future(work)
        except TimeoutError as error:
            raise SpeechUnavailable("Polly did not speak in time") from error
        except _FAILURES as error:
            raise SpeechUnavailable("Polly cannot speak now") from error

    def _request(self, text: str, voice: Voice) -> dict[str, Any]:
        default = self._voices.get(voice.language)
        if default is None:
            raise SpeechUnavailable(f"Polly has no voice for {voice.language}")
        return {
            "Engine": default.engine,
            "VoiceId": default.voice_id if voice.name == "default" else voice.name,
            "LanguageCode": voice.language,
            "OutputFormat": "mulaw",
            "SampleRate": str(SAMPLE_RATE_HZ),
            "Text": text,
            "TextType": "text",
        }

    def _synthesize(self, request: dict[str, Any]) -> Any:
        return self._client().synthesize_speech(**request)["AudioStream"]

    def _client(self) -> Any:
        with self._building:  # A client may serve many threads, but a session must not build in two at once.
            if self._built is None:
                self._built = self._session.client("polly", endpoint_url=self._endpoint_url, config=self._config)
            return self._built


def _close_body(opening: Future[Any]) -> None:
    if opening.done() and not opening.cancelled() and opening.exception() is None:
        opening.result().close()
