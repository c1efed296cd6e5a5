"""Speech for callers without a microphone: the platform's service for voice notes speaks what they type."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx

from shared.errors import SpeechUnavailable

SPEECH_TIMEOUT = httpx.Timeout(30, connect=2)
"""Seconds; the first words wait until the voice was loaded."""

SpeakTyped = Callable[[str], Awaitable[bytes]]
"""Text to mu-law, 8 kHz. Raises SpeechUnavailable."""


class TypedSpeech:
    """Asks an OpenAI-compatible service, whose address ends in /v1; without one nothing can be spoken."""

    def __init__(self, client: httpx.AsyncClient, service_url: str) -> None:
        self._client = client
        self._service_url = service_url

    async def __call__(self, text: str) -> bytes:
        """The spoken text.

        Raises:
            SpeechUnavailable: there is no service, it does not answer, or it knows no sound of this text.
        """
        if not self._service_url:
            raise SpeechUnavailable("no voice runs on this machine")
        wanted = {"model": "local", "voice": "default", "input": text, "response_format": "opus"}
        try:
            answer = await self._client.post(f"{self._service_url}/audio/speech", json=wanted, timeout=SPEECH_TIMEOUT)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise SpeechUnavailable("the voice of this machine does not answer") from error
        return await asyncio.to_thread(_telephone_audio, answer.content)


def _telephone_audio(content: bytes) -> bytes:
    from local.speech.refusal import ContentRefused
    from local.speech.sound import read_sound

    try:
        return read_sound(content)
    except ContentRefused as error:
        raise SpeechUnavailable("the voice of this machine gave no sound") from error
