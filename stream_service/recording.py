"""A call's two voices on one time line, written out in parts while the call runs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain.call import Call
from shared.errors import StoreUnavailable
from shared.observability import count, logger
from shared.ports.stores import RecordingStore
from stream_service.media.audio import BYTES_PER_MS, MULAW_SILENCE, AudioSink

PART_MS = 10_000
LONGEST_QUEUE_MS = 120_000
# A longer gap becomes a hole between two parts; the store fills it, so it takes no memory here.
_LONGEST_FILLED_GAP_MS = 5_000
# Twilio ends every call after four hours, so no timestamp is later. Source: Twilio, "Voice: limitations".
_LONGEST_CALL_MS = 4 * 60 * 60 * 1000
_SILENCE = bytes([MULAW_SILENCE])

_PAUSES_SECONDS = (1.0, 4.0)
_PARTS_UNDER_WAY = 3
_FINISH_SECONDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingPart:
    """Interleaved mu-law, 8 kHz, caller left, agent right, and where in the recording it belongs. Whole ms only."""

    start_ms: int
    stereo_mulaw: bytes


class StereoTimeline:
    """Caller left, agent right, aligned by position: the caller's audio is the clock of both.

    The agent's audio waits in a queue and is taken off at the pace of the caller's, just as Twilio plays it; `clear`
    drops what is still in the queue, just as Twilio does. Memory is bounded: what the queue cannot hold becomes
    silence of the same length. Positions count from the start of the stream. Pure.
    """

    def __init__(self) -> None:
        self._agent = bytearray()
        # Agent audio behind the queue that there was no room for.
        self._unheld_bytes = 0
        self._left = bytearray()
        self._right = bytearray()
        self._start_bytes = 0
        self._before_the_hole: list[RecordingPart] = []

    @property
    def position_ms(self) -> int:
        """How much of the stream has passed."""
        return self._position_bytes // BYTES_PER_MS

    @property
    def queued_ms(self) -> int:
        """How much of the agent's audio is still to be played."""
        return self._queued_bytes // BYTES_PER_MS

    @property
    def _position_bytes(self) -> int:
        return self._start_bytes + len(self._left)

    @property
    def _queued_bytes(self) -> int:
        return len(self._agent) + self._unheld_bytes

    def hear_caller(self, mulaw: bytes, *, timestamp_ms: int) -> None:
        """Add the caller's audio; where Twilio left something out, silence stands in for it."""
        missing_bytes = timestamp_ms * BYTES_PER_MS - self._start_bytes - len(self._left)
        if missing_bytes > 0 and timestamp_ms <= _LONGEST_CALL_MS:
            self._skip(missing_bytes)
        self._advance(mulaw)

    def play_agent(self, mulaw: bytes) -> None:
        """Queue the agent's audio behind what is queued already."""
        if self._unheld_bytes or len(self._agent) + len(mulaw) > LONGEST_QUEUE_MS * BYTES_PER_MS:
            self._unheld_bytes += len(mulaw)
        else:
            self._agent += mulaw

    def clear(self) -> None:
        """Forget the agent's audio that is not yet played."""
        self._agent.clear()
        self._unheld_bytes = 0

    def take(self, *, at_least_ms: int) -> RecordingPart | None:
        """The audio up to the next hole or up to now, if there is that much of it. A last fraction of a ms waits."""
        if self._before_the_hole:
            return self._before_the_hole.pop(0)
        return self._cut() if len(self._left) >= max(1, at_least_ms) * BYTES_PER_MS else None

    def _cut(self) -> RecordingPart:
        self._fill_right()
        length = len(self._left) // BYTES_PER_MS * BYTES_PER_MS
        stereo = bytearray(2 * length)
        stereo[::2] = self._left[:length]
        stereo[1::2] = self._right[:length]
        part = RecordingPart(start_ms=self._start_bytes // BYTES_PER_MS, stereo_mulaw=bytes(stereo))
        del self._left[:length], self._right[:length]
        self._start_bytes += length
        return part

    def _skip(self, missing_bytes: int) -> None:
        """Let time pass in which nothing was heard of the caller, though the agent may have been playing."""
        filled = min(missing_bytes, max(_LONGEST_FILLED_GAP_MS * BYTES_PER_MS, len(self._agent)))
        filled += -(self._position_bytes + filled) % BYTES_PER_MS
        self._advance(_SILENCE * filled)
        hole = missing_bytes - filled
        if hole > 0:
            self._before_the_hole.append(self._cut())
            self._start_bytes += hole
            self._unheld_bytes -= min(hole, self._unheld_bytes)

    def _advance(self, caller: bytes) -> None:
        """Runs for every frame of every call: while the agent is silent the right side is left to be filled later."""
        if not self._agent and not self._unheld_bytes:
            self._left += caller
            return
        self._fill_right()
        self._left += caller
        length = len(caller)
        agent = self._agent[:length]
        del self._agent[:length]
        self._unheld_bytes -= min(length - len(agent), self._unheld_bytes)
        self._right += agent

    def _fill_right(self) -> None:
        self._right += _SILENCE * (len(self._left) - len(self._right))


class RecordedSink:
    """Plays the agent's voice to the caller and notes it on the time line. Implements AudioSink."""

    def __init__(self, sink: AudioSink, timeline: StereoTimeline) -> None:
        self._sink = sink
        self._timeline = timeline

    def play(self, mulaw: bytes) -> None:
        """Queue audio for both."""
        self._sink.play(mulaw)
        self._timeline.play_agent(mulaw)

    def mark(self, name: str) -> None:
        """Ask to be told when everything queued so far was played."""
        self._sink.mark(name)

    def clear(self) -> None:
        """Drop what is not yet played, for both."""
        self._sink.clear()
        self._timeline.clear()


class Recording:
    """Keeps a call's time line and hands it to the store part by part; a killed task loses one part at most.

    Every part says where it begins, in milliseconds since the call's first stream began. So a call that came back on
    another task, or a part that got lost, leaves a silence of the right length and shifts nothing behind it.
    """

    def __init__(
        self, call: Call, store: RecordingStore, *, now: datetime, pauses_seconds: Sequence[float] = _PAUSES_SECONDS
    ) -> None:
        """`now` is when this stream began; `pauses_seconds` come before each further attempt to keep a part."""
        self.timeline = StereoTimeline()
        # The first stream of a call begins before anything notes that it was answered.
        elapsed = now - (call.answered_at or now)
        self.offset_ms = max(0, round(elapsed.total_seconds() * 1000))
        self._call = call
        self._store = store
        self._pauses_seconds = pauses_seconds
        # Parts that are being kept, and those whose keeping was cancelled.
        self._under_way: dict[int, RecordingPart] = {}
        self._keeping = 0
        self._none_is_kept = asyncio.Event()
        self._none_is_kept.set()

    @property
    def now_ms(self) -> int:
        """The call's own clock, which places turns in the recording: milliseconds since its first stream began."""
        return self.offset_ms + self.timeline.position_ms

    def next_part(self) -> RecordingPart | None:
        """A part that is ready to be kept; None when there is none yet."""
        return self._take(at_least_ms=PART_MS)

    async def keep(self, part: RecordingPart) -> None:
        """Keep a part; a store that stays down costs the part, not the call. If cancelled, `finish` tries again."""
        if len(self._under_way) >= _PARTS_UNDER_WAY:
            self._note_lost(part)
            return
        self._under_way[part.start_ms] = part
        self._keeping += 1
        self._none_is_kept.clear()
        try:
            if not await self._put(part):
                self._note_lost(part)
            self._under_way.pop(part.start_ms, None)
        finally:
            self._keeping -= 1
            if self._keeping == 0:
                self._none_is_kept.set()

    async def finish(self) -> None:
        """Keep what is left, within a time that a closing call can afford."""
        rest = []
        while (part := self._take(at_least_ms=1)) is not None:
            rest.append(part)
        try:
            async with asyncio.timeout(_FINISH_SECONDS):
                await self._none_is_kept.wait()
                rest = [*self._under_way.values(), *rest]
                self._under_way.clear()
                while rest:
                    await self.keep(rest[0])
                    rest.pop(0)
        except TimeoutError:
            for part in rest:
                self._note_lost(part)

    async def _put(self, part: RecordingPart) -> bool:
        for pause in (0.0, *self._pauses_seconds):
            if pause:
                await asyncio.sleep(pause)
            try:
                await self._store.put_part(
                    self._call.call_sid,
                    started_at=self._call.started_at,
                    start_ms=part.start_ms,
                    stereo_mulaw=part.stereo_mulaw,
                )
            except StoreUnavailable:
                logger.warning("recording_part_not_kept", start_ms=part.start_ms)
            else:
                return True
        return False

    def _take(self, *, at_least_ms: int) -> RecordingPart | None:
        part = self.timeline.take(at_least_ms=at_least_ms)
        if part is None:
            return None
        return RecordingPart(start_ms=self.offset_ms + part.start_ms, stereo_mulaw=part.stereo_mulaw)

    def _note_lost(self, part: RecordingPart) -> None:
        logger.error("recording_part_lost", start_ms=part.start_ms)
        count("recording_parts_lost")
