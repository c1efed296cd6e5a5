"""One WebSocket of a call, driven as Twilio drives it: a frame every 20 ms, playback in real time, marks echoed."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from itertools import count

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from local.simulators.call_tape import CallTape, Utterance, audible_part
from local.simulators.handset import Microphone, silence
from local.simulators.media_messages import (
    AudioMessage,
    ClearMessage,
    MalformedMessage,
    MarkMessage,
    StreamScript,
    read_server_message,
)
from local.simulators.playback import PlaybackBuffer
from local.simulators.signatures import TWILIO_SIGNATURE_HEADER, sign_twilio
from local.simulators.twiml import StreamInstruction
from stream_service.media.audio import BYTES_PER_MS, FRAME_BYTES, MULAW_SILENCE

OPEN_TIMEOUT_SECONDS = 5
SEND_TIMEOUT_SECONDS = 5
CLOSE_TIMEOUT_SECONDS = 2
LONGEST_MESSAGE_BYTES = 1024 * 1024
MOST_PROTOCOL_ERRORS = 100
NORMAL_CLOSURE = 1000


class StreamRefused(Exception):
    """The upgrade failed; Twilio reports 31920 and goes on to the next verb. `status` is HTTP's, None if none came."""

    def __init__(self, message: str, *, status: int | None) -> None:
        super().__init__(message)
        self.status = status


class StreamEnd(Enum):
    """Why a stream is over."""

    SERVER_CLOSED = auto()
    LOST = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clear:
    """The server cut its own speech: `dropped_ms` of queued audio were never heard.

    `since_speech_ms` counts from the first audible sample of the caller's latest utterance; None before the first.
    """

    at_ms: int
    dropped_ms: int
    since_speech_ms: int | None


@dataclass(slots=True, kw_only=True)
class _Speech:
    """An utterance on its way out; `start` is the call's sample at which its first frame went."""

    mulaw: bytes
    said: asyncio.Future[Utterance | None]
    sent_bytes: int = 0
    start: int = 0

    def said_so_far(self) -> Utterance | None:
        """The audible part of what has left."""
        return audible_part(self.mulaw[: self.sent_bytes], starts_at_ms=self.start // BYTES_PER_MS)


class CallClock:
    """Time since a call was answered, in samples of 8 kHz and in ms."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._start = now()

    def seconds(self) -> float:
        """Since the call was answered."""
        return self._now() - self._start

    def samples(self) -> int:
        """Since the call was answered."""
        return int(self.seconds() * 1000 * BYTES_PER_MS)


class MediaStream:
    """A bidirectional stream from `connected` to `stop`, recorded on the call's tape."""

    def __init__(
        self,
        instruction: StreamInstruction,
        script: StreamScript,
        *,
        clock: CallClock,
        tape: CallTape,
        microphone: Microphone = silence,
    ) -> None:
        self._instruction = instruction
        self._script = script
        self._clock = clock
        self._tape = tape
        self._microphone = microphone
        self._playback = PlaybackBuffer(position=clock.samples())
        self._mouth: deque[_Speech] = deque()
        self._latest_speech: _Speech | None = None
        self._connection: ClientConnection | None = None
        self.clears: list[Clear] = []
        self.marks_echoed = 0
        self.protocol_errors: list[str] = []
        self.largest_lag_ms = 0
        """How late the worst frame left: figures taken while this is large say more about the machine."""

    @property
    def stream_sid(self) -> str:
        """Twilio's id of the stream."""
        return self._script.stream_sid

    @property
    def queued_ms(self) -> int:
        """The agent's audio that was sent and not yet played."""
        return self._playback.queued_ms

    async def open(self, *, auth_token: str) -> None:
        """Upgrade, signed over the address exactly as TwiML gave it.

        Raises:
            StreamRefused: refused, not reachable, or no answer within 5 seconds.
        """
        url = self._instruction.url
        # Twilio speaks TLS and signs the address as it stands; on this machine nothing ends the TLS.
        plain_url = url.replace("wss://", "ws://", 1)
        try:
            self._connection = await connect(
                plain_url,
                additional_headers={TWILIO_SIGNATURE_HEADER.lower(): sign_twilio(url, {}, auth_token)},
                user_agent_header="Twilio.TmeWs/1.0",
                compression=None,
                open_timeout=OPEN_TIMEOUT_SECONDS,
                close_timeout=CLOSE_TIMEOUT_SECONDS,
                ping_interval=None,
                proxy=None,
                max_size=LONGEST_MESSAGE_BYTES,
            )
        except InvalidStatus as error:
            raise StreamRefused("the upgrade was refused", status=error.response.status_code) from error
        except (OSError, TimeoutError, InvalidHandshake) as error:
            raise StreamRefused(f"no WebSocket at the stream's address: {error}", status=None) from error

    async def run(self) -> StreamEnd:
        """Carry the call's audio until the server closes; when cancelled, say `stop` and close."""
        if self._connection is None:
            raise StreamRefused("the stream was not opened", status=None)
        reader = asyncio.create_task(self._read(self._connection))
        talker = asyncio.create_task(self._talk(self._connection))
        try:
            finished, _ = await asyncio.wait({reader, talker}, return_when=asyncio.FIRST_COMPLETED)
            with suppress(ConnectionClosed, TimeoutError):
                await finished.pop()
            return StreamEnd.SERVER_CLOSED if self._connection.close_code == NORMAL_CLOSURE else StreamEnd.LOST
        finally:
            talker.cancel()
            reader.cancel()
            await asyncio.gather(talker, reader, return_exceptions=True)
            self._play_until(self._clock.samples())
            await self._say_goodbye(self._connection)

    async def say(self, mulaw: bytes) -> Utterance | None:
        """Speak after what is being said already; returns when the last frame has left, None if nothing was audible.

        Returns what had left when the stream ended first.
        """
        speech = _Speech(mulaw=mulaw, said=asyncio.get_running_loop().create_future())
        self._mouth.append(speech)
        return await speech.said

    async def press(self, digit: str) -> None:
        """Press one key of the telephone."""
        if self._connection is not None:
            await self._send(self._connection, self._script.dtmf(digit))

    async def _talk(self, connection: ClientConnection) -> None:
        """Send a frame every 20 ms, when its 20 ms have passed; deadlines are absolute, so it never drifts."""
        start = self._clock.samples()
        await self._send(connection, self._script.connected())
        await self._send(connection, self._script.start(self._instruction.parameters))
        for frame_end in _frame_ends(start):
            delay_seconds = frame_end / BYTES_PER_MS / 1000 - self._clock.seconds()
            if delay_seconds > 0:
                await asyncio.sleep(delay_seconds)
            else:
                self.largest_lag_ms = max(self.largest_lag_ms, int(-delay_seconds * 1000))
            frame = self._next_frame(frame_end - FRAME_BYTES)
            self._tape.record_said(frame, position=frame_end - FRAME_BYTES)
            await self._send(connection, self._script.media(frame))
            self._finish_speech()
            await self._echo(connection, self._play_until(self._clock.samples()))

    def _next_frame(self, position: int) -> bytes:
        if not self._mouth:
            return self._microphone()
        speech = self._mouth[0]
        if speech is not self._latest_speech:
            speech.start = position
            self._latest_speech = speech
        frame = speech.mulaw[speech.sent_bytes : speech.sent_bytes + FRAME_BYTES]
        speech.sent_bytes += FRAME_BYTES
        return frame.ljust(FRAME_BYTES, bytes([MULAW_SILENCE]))

    def _finish_speech(self) -> None:
        if self._mouth and self._mouth[0].sent_bytes >= len(self._mouth[0].mulaw):
            _report(self._mouth.popleft())

    async def _read(self, connection: ClientConnection) -> None:
        async for text in connection:
            marks = self._play_until(self._clock.samples())
            try:
                message = read_server_message(text, stream_sid=self.stream_sid)
            except MalformedMessage as error:
                if len(self.protocol_errors) < MOST_PROTOCOL_ERRORS:
                    self.protocol_errors.append(str(error))
                continue
            if isinstance(message, AudioMessage):
                self._playback.queue_audio(message.mulaw)
            elif isinstance(message, MarkMessage):
                self._playback.queue_mark(message.name)
                marks += self._play_until(self._playback.position)
            elif isinstance(message, ClearMessage):
                marks += self._clear()
            await self._echo(connection, marks)

    def _clear(self) -> list[str]:
        now_ms = self._clock.samples() // BYTES_PER_MS
        self.clears.append(
            Clear(at_ms=now_ms, dropped_ms=self._playback.queued_ms, since_speech_ms=self._since_speech_ms(now_ms))
        )
        return self._playback.clear()

    def _since_speech_ms(self, now_ms: int) -> int | None:
        spoken = self._latest_speech.said_so_far() if self._latest_speech else None
        return None if spoken is None else now_ms - spoken.start_ms

    def _play_until(self, position: int) -> list[str]:
        played_from = self._playback.position
        heard, marks = self._playback.advance(position)
        self._tape.record_heard(heard, position=played_from)
        return marks

    async def _echo(self, connection: ClientConnection, marks: list[str]) -> None:
        for name in marks:
            self.marks_echoed += 1
            await self._send(connection, self._script.mark(name))

    async def _send(self, connection: ClientConnection, message: str) -> None:
        async with asyncio.timeout(SEND_TIMEOUT_SECONDS):
            await connection.send(message)

    async def _say_goodbye(self, connection: ClientConnection) -> None:
        while self._mouth:
            _report(self._mouth.popleft())
        with suppress(ConnectionClosed, TimeoutError):
            await self._send(connection, self._script.stop())
        await connection.close()


def _report(speech: _Speech) -> None:
    if not speech.said.done():
        speech.said.set_result(speech.said_so_far())


def _frame_ends(start: int) -> Iterator[int]:
    """Samples at which the frames of a stream that began at `start` are complete, without end."""
    return count(start + FRAME_BYTES, FRAME_BYTES)
