"""One call's recognition by Amazon Transcribe: audio goes out unbroken, words come back, lost sessions are replaced."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

from shared.adapters.aws.transcribe.event_stream import Message, MessageMalformed, decode_message, encode_message
from shared.errors import SpeechUnavailable
from shared.observability import logger
from stream_service.listening.call_audio import CallAudio
from stream_service.listening.transcribe_session import Connect, SessionEnded, Timing, abort
from stream_service.listening.transcriber import PartialListener, Transcript
from stream_service.listening.transcript_words import TranscriptWords, confidence_of
from stream_service.media.audio import BYTES_PER_MS, MULAW_SILENCE, decode_mulaw

_BATCH_MS = 100
_LEAD_IN_MS = 300
# Shorter than the shortest word, so that a last word the recogniser has not heard yet is never taken for covered.
_COVERAGE_SLACK_MS = 250
# A session that begins in the middle of an utterance hears the beginning faster than it was spoken.
_CATCH_UP_SHARE, _LONGEST_CATCH_UP_SECONDS = 0.25, 4.0
_FILLER = bytes([MULAW_SILENCE]) * (200 * BYTES_PER_MS)
_AUDIO_HEADERS = {
    ":content-type": "application/octet-stream",
    ":event-type": "AudioEvent",
    ":message-type": "event",
}
_END_OF_AUDIO = encode_message(Message(headers=_AUDIO_HEADERS, payload=b""))


class AwsTranscribeStream:
    """TranscriptionStream over a WebSocket session.

    It owns one task, from `start` to `aclose`. Audio waits in a window of `longest_buffer_ms`; when a stalled or lost
    session fills it, the oldest audio is lost and logged. A replaced session hears the unfinished utterance again.
    """

    def __init__(
        self,
        connection: ClientConnection,
        connect: Connect,
        *,
        language: str,
        on_partial: PartialListener,
        timing: Timing,
    ) -> None:
        self._connection: ClientConnection | None = connection
        self._replacement: ClientConnection | None = None
        self._connect = connect
        self._language = language
        self._on_partial = on_partial
        self._timing = timing
        self._audio = CallAudio(longest_ms=timing.longest_buffer_ms)
        self._words = TranscriptWords(language=language)
        self._session_starts_ms = 0
        self._session_began_at = 0.0
        self._speech_from_ms: int | None = None
        self._speech_to_ms = 0
        self._partial_text = ""
        self._events_of_utterance = 0
        self._audio_due = asyncio.Event()
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._has_failed = False

    @property
    def is_lost(self) -> bool:
        """See TranscriptionStream.is_lost: too many sessions in a row were lost or refused."""
        return self._has_failed

    def start(self) -> None:
        """Begin to send and receive."""
        self._session_began_at = asyncio.get_running_loop().time()
        self._task = asyncio.create_task(self._keep_connected(), name="transcribe")

    def feed(self, mulaw: bytes, *, is_speech: bool) -> None:
        """See TranscriptionStream.feed. Silence is sent as well: the recogniser needs it to end its results."""
        if is_speech and self._speech_from_ms is None:
            self._speech_from_ms = self._audio.heard_ms
        self._audio.append(mulaw)
        if is_speech:
            self._speech_to_ms = self._audio.heard_ms
        if self._audio.unsent_ms >= _BATCH_MS:
            self._audio_due.set()

    def pause(self) -> None:
        """See TranscriptionStream.pause. The last words go out at once instead of with the next full batch."""
        self._audio_due.set()
        if self._partial_text:
            self._on_partial(self._partial_text)

    async def finish_utterance(self) -> Transcript:
        """See TranscriptionStream.finish_utterance."""
        ends_ms, speech_to_ms = self._audio.heard_ms, self._speech_to_ms
        self._audio_due.set()
        try:
            if self._speech_from_ms is not None or self._words.until(ends_ms):
                await self._until_covered(ends_ms, speech_to_ms)
            words = self._words.until(ends_ms)
            return Transcript(text=self._words.join(words), language=self._language, confidence=confidence_of(words))
        finally:
            self._cut(ends_ms)

    def discard_utterance(self) -> None:
        """See TranscriptionStream.discard_utterance."""
        self._cut(self._audio.heard_ms)

    async def use_language(self, language: str) -> None:
        """See TranscriptionStream.use_language. The old session hears the caller until the new one is open."""
        connection = await self._connect(language)
        if self._task is None or self._has_failed:
            connection.transport.abort()
            raise SpeechUnavailable("the speech recogniser is gone")
        self._language = language
        abort(self._replacement)
        self._replacement = connection
        abort(self._connection)  # The task sees the loss and goes on with the new session.

    async def aclose(self) -> None:
        """See TranscriptionStream.aclose. Words that are still to come are not waited for."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        abort(self._replacement)
        self._replacement = None
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(WebSocketException, OSError):
                async with asyncio.timeout(1):
                    await connection.send(_END_OF_AUDIO)
                    await connection.close()

    async def _until_covered(self, ends_ms: int, speech_to_ms: int) -> None:
        loop = asyncio.get_running_loop()
        asked_at = loop.time() + self._catch_up_seconds()
        while True:
            words = self._words.until(ends_ms)
            is_covered = bool(words) and words[-1].end_ms >= speech_to_ms - _COVERAGE_SLACK_MS
            if is_covered and all(word.is_stable for word in words):
                return
            if self._has_failed:
                raise SpeechUnavailable("the speech recogniser is gone")
            wait_ms = self._timing.settle_ms if is_covered else self._timing.result_ms
            self._news.clear()
            try:
                async with asyncio.timeout_at(asked_at + wait_ms / 1000):
                    await self._news.wait()
            except TimeoutError:
                if not words:
                    self._check_alive(speech_to_ms)
                return

    def _catch_up_seconds(self) -> float:
        """How long the session will take for what it was given faster than it was spoken."""
        audio_seconds = (self._audio.heard_ms - self._session_starts_ms) / 1000
        elapsed_seconds = asyncio.get_running_loop().time() - self._session_began_at
        return min(max(0.0, audio_seconds * _CATCH_UP_SHARE - elapsed_seconds), _LONGEST_CATCH_UP_SECONDS)

    def _check_alive(self, speech_to_ms: int) -> None:
        """No words came: a cough leaves none, but a lost or mute session leaves none either."""
        if self._connection is None:
            raise SpeechUnavailable("the speech recogniser is being reconnected")
        speech_ms = speech_to_ms - (self._speech_from_ms or 0)
        if self._events_of_utterance == 0 and speech_ms >= self._timing.certain_speech_ms:
            abort(self._connection)  # The task sees the loss and opens a new session.
            raise SpeechUnavailable("the speech recogniser does not answer")

    def _cut(self, position_ms: int) -> None:
        self._words.cut(position_ms)
        self._events_of_utterance = 0
        self._partial_text = ""
        if self._speech_from_ms is not None:
            goes_on = self._speech_to_ms > position_ms
            self._speech_from_ms = max(self._speech_from_ms, position_ms) if goes_on else None

    async def _keep_connected(self) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        while connection := self._connection:
            connected_at = loop.time()
            reason = await self._exchange(connection)
            if loop.time() - connected_at >= self._timing.proven_seconds:
                failures = 0
            self._connection, failures = await self._replace(reason, failures)
        self._has_failed = True
        self._news.set()

    async def _replace(self, reason: str, failures: int) -> tuple[ClientConnection | None, int]:
        """A new session, or None after too many failures in a row; and how many these were."""
        self._connection = None
        while not self._is_replaced() and failures < self._timing.reconnects:
            failures += 1
            logger.warning("transcribe_session_lost", reason=reason, attempt=failures)
            await asyncio.sleep(min(0.1 * 2 ** (failures - 1), 2.0) * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
            try:
                connection = await self._connect(self._language)
            except SpeechUnavailable as error:
                reason = type(error.__cause__).__name__
                continue
            if self._is_replaced():
                abort(connection)  # The language was changed meanwhile.
                break
            self._hear_again()
            return connection, failures
        replacement, self._replacement = self._replacement, None
        if replacement is None:
            return None, failures
        self._words = TranscriptWords(language=self._language)
        self._words.cut(self._utterance_begins_ms)
        self._hear_again()
        return replacement, 0

    def _is_replaced(self) -> bool:
        return self._replacement is not None

    @property
    def _utterance_begins_ms(self) -> int:
        """Where the unfinished utterance begins, with its lead-in; the present when nothing is being said."""
        return self._audio.heard_ms if self._speech_from_ms is None else max(0, self._speech_from_ms - _LEAD_IN_MS)

    def _hear_again(self) -> None:
        """Let a new session hear the unfinished utterance, but not what the lost one has settled."""
        self._words.forget_partial()
        self._audio.send_again_from(max(self._utterance_begins_ms, self._words.confirmed_ms))
        self._session_starts_ms = self._audio.sent_ms
        self._session_began_at = asyncio.get_running_loop().time()
        self._audio_due.set()  # What was said meanwhile goes out at once.

    async def _exchange(self, connection: ClientConnection) -> str:
        """Send and receive until the session ends; returns why it did."""
        reason = "closed"
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(self._send(connection))
            try:
                await self._receive(connection)
            except SessionEnded as error:
                reason = error.reason
            except (WebSocketException, OSError, MessageMalformed, ValueError, KeyError, TypeError) as error:
                reason = type(error).__name__
            sending.cancel()
        connection.transport.abort()
        return reason

    async def _send(self, connection: ClientConnection) -> None:
        lost_ms = self._audio.lost_ms
        try:
            while True:
                await self._audio_or_filler()
                while batch := self._audio.take(longest_ms=_BATCH_MS):
                    message = Message(headers=_AUDIO_HEADERS, payload=decode_mulaw(batch))
                    async with asyncio.timeout(self._timing.send_seconds):
                        await connection.send(encode_message(message))
                if self._audio.lost_ms > lost_ms:
                    logger.warning("transcribe_audio_lost", lost_ms=self._audio.lost_ms - lost_ms)
                    lost_ms = self._audio.lost_ms
        except (WebSocketException, OSError):
            connection.transport.abort()  # The receiving side sees it and ends the session.

    async def _audio_or_filler(self) -> None:
        try:
            async with asyncio.timeout(self._timing.filler_seconds):
                await self._audio_due.wait()
        except TimeoutError:
            self._audio.append(_FILLER)
        self._audio_due.clear()

    async def _receive(self, connection: ClientConnection) -> None:
        async for data in connection:
            if isinstance(data, str):
                continue  # The protocol has no text messages.
            message = decode_message(data)
            if message.headers.get(":message-type") == "exception":
                raise SessionEnded(message.headers.get(":exception-type", "exception"))
            if message.headers.get(":event-type") == "TranscriptEvent":
                self._take_results(message.payload)

    def _take_results(self, payload: bytes) -> None:
        self._events_of_utterance += 1
        results = json.loads(payload)["Transcript"]["Results"]
        self._words.take(results, session_starts_ms=self._session_starts_ms)
        self._news.set()
        text = self._words.join(self._words.until(self._audio.heard_ms))
        if text != self._partial_text:
            self._partial_text = text
            self._on_partial(text)
