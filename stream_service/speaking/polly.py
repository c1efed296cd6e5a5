"""Text to speech by Amazon Polly, which speaks telephone audio (mu-law, 8 kHz) by itself.

Source: Amazon Polly API reference, SynthesizeSpeech.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from shared.adapters.aws.polly_voices import DEFAULT_VOICES, PollyVoice, choose_voice
from shared.domain.voice import Voice
from shared.errors import SpeechRefused, SpeechUnavailable
from shared.observability import logger
from stream_service.media.audio import BYTES_PER_MS, SAMPLE_RATE_HZ

# The first piece is short, because the caller waits for it; the others are long, because each costs a thread's turn.
_FIRST_PIECE_BYTES = 100 * BYTES_PER_MS
_NEXT_PIECE_BYTES = 250 * BYTES_PER_MS
_MOST_NOTED_LANGUAGES = 100

_FAILURES = (BotoCoreError, HTTPError, OSError)
_REFUSALS = frozenset(
    {
        "EngineNotSupportedException",
        "InvalidSsmlException",
        "LanguageNotSupportedException",
        "TextLengthExceededException",
        "ValidationException",
    }
)
"""Error codes that say something about the text or the voice, and nothing about the service."""


class Polly:
    """Synthesizer over SynthesizeSpeech.

    boto3 blocks, so each piece is read in a thread of a pool of `max_concurrent`, only when it is asked for. A sentence
    beyond the pool waits within its own timeout.
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
        self._noted: set[str] = set()
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
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _REFUSALS:
                raise SpeechRefused("Polly refuses the text or the voice") from error
            raise SpeechUnavailable("Polly cannot speak now") from error
        except _FAILURES as error:
            raise SpeechUnavailable("Polly cannot speak now") from error

    def _request(self, text: str, voice: Voice) -> dict[str, Any]:
        chosen, language = choose_voice(text, voice, self._voices)
        self._note_substitute(voice.language, language)
        return {
            "Engine": chosen.engine,
            "VoiceId": chosen.voice_id,
            "LanguageCode": language,
            "OutputFormat": "mulaw",
            "SampleRate": str(SAMPLE_RATE_HZ),
            "Text": text,
            "TextType": "text",
        }

    def _note_substitute(self, wanted: str, spoken: str) -> None:
        """Tell once that a language is spoken by the voice of another."""
        if wanted not in self._voices and wanted not in self._noted and len(self._noted) < _MOST_NOTED_LANGUAGES:
            self._noted.add(wanted)
            logger.warning("voice_substituted", language=wanted, spoken_as=spoken)

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
