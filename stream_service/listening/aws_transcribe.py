"""Speech to text by Amazon Transcribe streaming, over its WebSocket interface.

Source: Amazon Transcribe Developer Guide, "Setting up a WebSocket stream" and "Partial-result stabilization".
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import boto3
from botocore.exceptions import BotoCoreError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

from shared.adapters.aws.transcribe.languages import transcribe_code
from shared.adapters.aws.transcribe.signed_url import CredentialsMissing, find_endpoint, sign_url
from shared.errors import SpeechUnavailable
from stream_service.listening.transcribe_session import Timing, fail_when_unacknowledged
from stream_service.listening.transcribe_stream import AwsTranscribeStream
from stream_service.listening.transcriber import PartialListener
from stream_service.media.audio import SAMPLE_RATE_HZ

_LONGEST_MESSAGE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Endpoint:
    url: str
    tls: ssl.SSLContext | None


class AwsTranscribe:
    """Transcriber over Amazon Transcribe: one WebSocket session for each call, kept open from its start to its end."""

    def __init__(
        self,
        session: boto3.Session,
        *,
        endpoint_url: str | None = None,
        stability: Literal["low", "medium", "high"] = "high",
        connect_timeout_seconds: float = 3.0,
        timing: Timing | None = None,
    ) -> None:
        """`endpoint_url` (wss://host:port) replaces the address of the service in the session's region."""
        self._session = session
        self._endpoint_url = endpoint_url
        self._stability = stability
        self._connect_timeout_seconds = connect_timeout_seconds
        self._timing = timing or Timing()
        self._endpoint: _Endpoint | None = None

    async def warm_up(self) -> None:
        """Fetch credentials, the service's address and the trusted certificates before the first call."""
        try:
            await self._signed_url({})
        except (BotoCoreError, CredentialsMissing) as error:
            raise SpeechUnavailable("Amazon Transcribe cannot be called") from error

    async def open(self, *, language: str, on_partial: PartialListener) -> AwsTranscribeStream:
        """See Transcriber.open."""
        connection = await self._connect(language)
        stream = AwsTranscribeStream(
            connection, self._connect, language=language, on_partial=on_partial, timing=self._timing
        )
        stream.start()
        return stream

    async def _connect(self, language: str) -> ClientConnection:
        parameters = {
            "language-code": transcribe_code(language),
            "media-encoding": "pcm",
            "sample-rate": str(SAMPLE_RATE_HZ),
            "enable-partial-results-stabilization": "true",
            "partial-results-stability": self._stability,
        }
        try:
            async with asyncio.timeout(self._connect_timeout_seconds):
                endpoint, url = await self._signed_url(parameters)
                connection = await connect(
                    url,
                    origin=Origin(endpoint.url.replace("ws", "http", 1)),
                    ssl=endpoint.tls,
                    compression=None,
                    proxy=None,
                    open_timeout=None,
                    close_timeout=1,
                    # The guide promises no answer to pings; unacknowledged audio tells of a dead connection instead.
                    ping_interval=None,
                    max_size=_LONGEST_MESSAGE_BYTES,
                )
        except (WebSocketException, OSError, BotoCoreError, CredentialsMissing) as error:
            raise SpeechUnavailable("Amazon Transcribe does not answer") from error
        fail_when_unacknowledged(connection, seconds=self._timing.send_seconds)
        return connection

    async def _signed_url(self, parameters: Mapping[str, str]) -> tuple[_Endpoint, str]:
        # In a thread, because credentials may have to be fetched or renewed, and files to be read.
        return await asyncio.to_thread(self._sign, parameters)

    def _sign(self, parameters: Mapping[str, str]) -> tuple[_Endpoint, str]:
        if self._endpoint is None:
            url = (self._endpoint_url or find_endpoint(self._session)).rstrip("/")
            tls = ssl.create_default_context() if url.startswith("wss:") else None
            self._endpoint = _Endpoint(url=url, tls=tls)
        return self._endpoint, sign_url(self._session, self._endpoint.url, parameters)
