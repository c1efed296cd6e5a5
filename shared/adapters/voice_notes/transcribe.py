"""The words of voice notes by Amazon Transcribe streaming: the file goes out as if it were being spoken, only faster.

Source: Amazon Transcribe Developer Guide, "Setting up a WebSocket stream", "Transcribing streaming audio" (formats,
chunks), "Language identification with streaming".
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

from shared.adapters.aws.transcribe.event_stream import Message, MessageMalformed, decode_message, encode_message
from shared.adapters.aws.transcribe.signed_url import CredentialsMissing, find_endpoint, sign_url
from shared.domain.voice_note import Unheard, opus_rate_hz, opus_seconds
from shared.errors import MediaRefused, SpeechUnavailable

_TIMEOUT_SECONDS = 25.0
_CONNECT_SECONDS = 3.0
_CHUNK_SECONDS = 0.2
_LARGEST_CHUNK_BYTES = 32_000
# The guide asks for audio close to real time; a user waits, so it goes four times as fast, a long note faster yet.
_USUAL_SPEED = 4.0
_LONGEST_SENDING_SECONDS = 15.0
_LONGEST_MESSAGE_BYTES = 1_000_000
# Who writes to the business has not said in which language; more would take longer to tell apart.
_LANGUAGES = ("en-IN", "hi-IN", "ta-IN", "te-IN", "id-ID")
_AUDIO_HEADERS = {
    ":content-type": "application/octet-stream",
    ":event-type": "AudioEvent",
    ":message-type": "event",
}
_REFUSAL = "BadRequestException"


class TranscribeNotes:
    """One WebSocket session for each voice note."""

    def __init__(
        self,
        session: boto3.Session,
        *,
        endpoint_url: str | None = None,
        timeout_seconds: float = _TIMEOUT_SECONDS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`endpoint_url` (wss://host:port) replaces the address of the service in the session's region."""
        self._session = session
        self._endpoint_url = endpoint_url
        self._timeout_seconds = timeout_seconds
        self._sleep = sleep
        self._tls: ssl.SSLContext | None = None

    async def transcribe(self, audio: bytes, *, mime_type: str) -> str:
        """See SpeechEngine.transcribe. Other sound than OGG/Opus is refused."""
        seconds, rate_hz = opus_seconds(audio), opus_rate_hz(audio)
        if seconds is None or rate_hz is None or not mime_type.startswith("audio/"):
            raise MediaRefused("Transcribe hears OGG/Opus only.", reason=Unheard.UNREADABLE)
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._heard(audio, seconds, rate_hz)
        except TimeoutError as error:
            raise SpeechUnavailable("Amazon Transcribe did not answer in time.") from error
        except (WebSocketException, OSError, BotoCoreError, CredentialsMissing, MessageMalformed) as error:
            raise SpeechUnavailable("Amazon Transcribe does not answer.") from error

    async def _heard(self, audio: bytes, seconds: float, rate_hz: int) -> str:
        async with await self._connect(rate_hz) as connection:
            sending = asyncio.create_task(self._send(connection, audio, seconds))
            try:
                return await _words(connection)
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)

    async def _send(self, connection: ClientConnection, audio: bytes, seconds: float) -> None:
        speed = max(_USUAL_SPEED, seconds / _LONGEST_SENDING_SECONDS)
        for chunk in chunks(audio, seconds):
            await connection.send(_event(chunk))
            await self._sleep(_CHUNK_SECONDS / speed)
        await connection.send(_event(b""))

    async def _connect(self, rate_hz: int) -> ClientConnection:
        parameters = {
            "identify-language": "true",
            "language-options": ",".join(_LANGUAGES),
            "preferred-language": _LANGUAGES[0],
            "media-encoding": "ogg-opus",
            "sample-rate": str(rate_hz),
        }
        # In a thread, because credentials may have to be fetched or renewed, and files to be read.
        endpoint, url, tls = await asyncio.to_thread(self._sign, parameters)
        return await connect(
            url,
            origin=Origin(endpoint.replace("ws", "http", 1)),
            ssl=tls,
            compression=None,
            proxy=None,
            open_timeout=_CONNECT_SECONDS,
            close_timeout=1,
            ping_interval=None,
            max_size=_LONGEST_MESSAGE_BYTES,
        )

    def _sign(self, parameters: dict[str, str]) -> tuple[str, str, ssl.SSLContext | None]:
        endpoint = (self._endpoint_url or find_endpoint(self._session)).rstrip("/")
        if self._tls is None and endpoint.startswith("wss:"):
            self._tls = ssl.create_default_context()
        return endpoint, sign_url(self._session, endpoint, parameters), self._tls


def chunks(audio: bytes, seconds: float) -> Iterator[bytes]:
    """The file in pieces of equal size that play for 200 ms or less."""
    count = max(1, round(seconds / _CHUNK_SECONDS))
    size = min(_LARGEST_CHUNK_BYTES, -(-len(audio) // count))
    return (audio[start : start + size] for start in range(0, len(audio), size))


def _event(audio: bytes) -> bytes:
    return encode_message(Message(headers=_AUDIO_HEADERS, payload=audio))


async def _words(connection: ClientConnection) -> str:
    """What the service is sure of when it closes the session, which it does after the last audio."""
    finals: list[str] = []
    async for data in connection:
        if isinstance(data, str):
            continue  # The protocol has no text messages.
        message = decode_message(data)
        if message.headers.get(":message-type") == "exception":
            if message.headers.get(":exception-type") == _REFUSAL:
                raise MediaRefused("Transcribe refuses the sound.", reason=Unheard.UNREADABLE)
            raise SpeechUnavailable("Amazon Transcribe ended the session.")
        if message.headers.get(":event-type") == "TranscriptEvent":
            finals += _final_texts(message.payload)
    return " ".join(finals).strip()


def _final_texts(payload: bytes) -> list[str]:
    results: list[dict[str, Any]] = json.loads(payload)["Transcript"]["Results"]
    final = [result for result in results if not result.get("IsPartial", False)]
    texts = [alternatives[0].get("Transcript", "") for result in final if (alternatives := result.get("Alternatives"))]
    return [text for text in texts if text]
