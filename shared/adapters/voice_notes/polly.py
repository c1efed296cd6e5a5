"""Voice notes by Amazon Polly.

Source: Amazon Polly API reference, SynthesizeSpeech.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from shared.adapters.aws.polly_voices import DEFAULT_VOICES, choose_voice
from shared.domain.voice import Voice
from shared.domain.voice_note import LARGEST_SPOKEN_BYTES
from shared.errors import SpeechUnavailable

_TIMEOUT_SECONDS = 15.0
_SAMPLE_RATE_HZ = "48000"


class PollyNotes:
    """Speaks a whole reply in one request; boto3 blocks, so it runs in a thread."""

    def __init__(self, session: boto3.Session, *, endpoint_url: str | None = None) -> None:
        self._session = session
        self._endpoint_url = endpoint_url
        self._building = threading.Lock()
        self._built: Any = None

    async def speak(self, text: str, voice: Voice) -> bytes:
        """See SpeechEngine.speak.

        Raises:
            SpeechUnavailable: Polly has no voice for the text (SpeechRefused), or gave no answer in time.
        """
        chosen, language = choose_voice(text, voice, DEFAULT_VOICES)
        request = {
            "Engine": chosen.engine,
            "VoiceId": chosen.voice_id,
            "LanguageCode": language,
            "OutputFormat": "ogg_opus",
            "SampleRate": _SAMPLE_RATE_HZ,
            "Text": text,
            "TextType": "text",
        }
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                return await asyncio.to_thread(self._synthesize, request)
        except TimeoutError as error:
            raise SpeechUnavailable("Polly did not speak in time.") from error
        except (ClientError, BotoCoreError, HTTPError, OSError) as error:
            raise SpeechUnavailable("Polly cannot speak now.") from error

    def _synthesize(self, request: dict[str, Any]) -> bytes:
        body = self._client().synthesize_speech(**request)["AudioStream"]
        try:
            # One byte more than is sent as a voice note, so that whoever asks can tell.
            audio: bytes = body.read(LARGEST_SPOKEN_BYTES + 1)
        finally:
            body.close()
        return audio

    def _client(self) -> Any:
        with self._building:  # A client may serve many threads, but a session must not build in two at once.
            if self._built is None:
                config = Config(
                    connect_timeout=2,
                    read_timeout=_TIMEOUT_SECONDS,
                    retries={"mode": "standard", "total_max_attempts": 2},
                )
                self._built = self._session.client("polly", endpoint_url=self._endpoint_url, config=config)
            return self._built
