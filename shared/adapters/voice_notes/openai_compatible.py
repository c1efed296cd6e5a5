"""Voice notes by any endpoint that speaks OpenAI's audio interface: the local platform's own, Whisper servers, ...

Source: OpenAI API reference, "Create transcription" and "Create speech".
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx

from shared.adapters.http_client import CancellableClient
from shared.adapters.provider_access import ProviderAccess
from shared.domain.voice import DEFAULT_VOICE, Voice
from shared.domain.voice_note import LARGEST_SPOKEN_BYTES, Unheard
from shared.errors import MediaRefused, SpeechUnavailable

_DEFAULT_VOICE = "alloy"
_TRANSCRIBE_SECONDS = 25.0
_SPEAK_SECONDS = 15.0
_CONNECT_SECONDS = 2.0
_MAX_CONNECTIONS = 16
_LONGEST_TRANSCRIPT_BYTES = 200_000
_REFUSALS = frozenset({400, 413, 415, 422})
"""Statuses that say something about the file, and nothing about the endpoint."""

# Endpoints know a file's format by its name.
_EXTENSIONS = {
    "audio/ogg": "ogg",
    "audio/opus": "ogg",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/mp4": "m4a",
    "audio/m4a": "m4a",
    "audio/x-m4a": "m4a",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/flac": "flac",
    "audio/webm": "webm",
}


class _KeyRefused(SpeechUnavailable):
    """Another key may do."""


class OpenAICompatibleSpeech:
    """SpeechEngine over `/audio/transcriptions` and `/audio/speech`."""

    def __init__(
        self,
        *,
        base_url: str,
        access: ProviderAccess,
        transcription_model: str,
        speech_model: str,
        transcribe_seconds: float = _TRANSCRIBE_SECONDS,
        speak_seconds: float = _SPEAK_SECONDS,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._access = access
        self._transcription_model = transcription_model
        self._speech_model = speech_model
        self._transcribe_seconds = transcribe_seconds
        self._speak_seconds = speak_seconds
        self._http: httpx.AsyncClient | None = None

    async def transcribe(self, audio: bytes, *, mime_type: str) -> str:
        """See SpeechEngine.transcribe. The model tells the language by itself."""
        plain_type = mime_type.partition(";")[0].strip().lower()
        extension = _EXTENSIONS.get(plain_type)
        if extension is None:
            raise MediaRefused("The speech engine does not know this type of sound.", reason=Unheard.UNREADABLE)
        content = await self._post(
            "/audio/transcriptions",
            {
                "files": {"file": (f"voice_note.{extension}", audio, plain_type)},
                "data": {"model": self._transcription_model, "response_format": "json"},
            },
            seconds=self._transcribe_seconds,
            limit_bytes=_LONGEST_TRANSCRIPT_BYTES,
        )
        return _text_of(content)

    async def speak(self, text: str, voice: Voice) -> bytes:
        """See SpeechEngine.speak. The model tells the language by the words."""
        wanted = {
            "model": self._speech_model,
            "input": text,
            "voice": _DEFAULT_VOICE if voice.name == DEFAULT_VOICE else voice.name,
            "response_format": "opus",
        }
        try:
            audio = await self._post(
                "/audio/speech", {"json": wanted}, seconds=self._speak_seconds, limit_bytes=LARGEST_SPOKEN_BYTES
            )
        except MediaRefused as error:
            raise SpeechUnavailable("The speech endpoint has no voice for this text.") from error
        if not audio.startswith(b"OggS"):
            raise SpeechUnavailable("The speech endpoint answered with something else than OGG.")
        return audio

    async def aclose(self) -> None:
        """Close the pooled connections; safe to call twice."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def _post(self, path: str, content: Mapping[str, Any], *, seconds: float, limit_bytes: int) -> bytes:
        if self._http is None:  # Built late, on the event loop that its connections will belong to.
            timeout = httpx.Timeout(None, connect=_CONNECT_SECONDS)
            limits = httpx.Limits(max_connections=_MAX_CONNECTIONS)
            self._http = CancellableClient(timeout=timeout, limits=limits)
        http = self._http

        async def send(headers: Mapping[str, str]) -> bytes:
            async with http.stream("POST", f"{self._base_url}{path}", headers=headers, **content) as response:
                _require_success(response.status_code)
                return await _read(response, limit_bytes)

        try:
            async with asyncio.timeout(seconds):
                return await self._access.ask(send, refused=_KeyRefused)
        except TimeoutError as error:
            raise SpeechUnavailable("The speech endpoint did not answer in time.") from error
        except httpx.HTTPError as error:
            raise SpeechUnavailable("The speech endpoint does not answer.") from error


def _require_success(status: int) -> None:
    if status in _REFUSALS:
        raise MediaRefused("The speech endpoint refuses the content.", reason=Unheard.UNREADABLE)
    if status == httpx.codes.UNAUTHORIZED:
        raise _KeyRefused("The speech endpoint does not accept our key.")
    if status != httpx.codes.OK:
        raise SpeechUnavailable(f"The speech endpoint answers with status {status}.")


async def _read(response: httpx.Response, limit_bytes: int) -> bytes:
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > limit_bytes:
            raise SpeechUnavailable("The speech endpoint's answer is too long.")
    return bytes(content)


def _text_of(content: bytes) -> str:
    try:
        text = json.loads(content)["text"]
    except (ValueError, KeyError, TypeError) as error:
        raise SpeechUnavailable("The speech endpoint's answer has an unknown form.") from error
    if not isinstance(text, str):
        raise SpeechUnavailable("The speech endpoint's answer has an unknown form.")
    return text.strip()
