"""A call's two voices on one time line, written out in parts while the call runs."""

from __future__ import annotations

from datetime import datetime

from shared.domain.call import Call
from shared.errors import StoreUnavailable
from shared.observability import logger
from shared.ports.stores import RecordingStore
from stream_service.media.audio import BYTES_PER_MS, MULAW_SILENCE, AudioSink

PART_MS = 10_000
_PART_BYTES = PART_MS * BYTES_PER_MS * 2
_LONGEST_GAP_MS = 5_000


class StereoTimeline:
    """Caller left, agent right, aligned by position: the caller's audio is the clock of both.

    The agent's audio waits in a queue and is taken off at the pace of the caller's, just as Twilio plays it; `clear`
    drops what is still in the queue, just as Twilio does. Pure.
    """

    def __init__(self) -> None:
        self._agent = bytearray()
        self._stereo = bytearray()
        self._position_bytes = 0

    @property
    def position_ms(self) -> int:
        """How much of the call has passed."""
        return self._position_bytes // BYTES_PER_MS

    @property
    def queued_ms(self) -> int:
        """How much of the agent's audio is still to be played."""
        return len(self._agent) // BYTES_PER_MS

    def hear_caller(self, mulaw: bytes, *, timestamp_ms: int) -> None:
        """Add the caller's audio; where Twilio left something out, silence stands in for it."""
        gap_ms = timestamp_ms - self.position_ms
        if 0 < gap_ms <= _LONGEST_GAP_MS:
            self._advance(bytes([MULAW_SILENCE]) * (gap_ms * BYTES_PER_MS))
        self._advance(mulaw)

    def play_agent(self, mulaw: bytes) -> None:
        """Queue the agent's audio behind what is queued already."""
        self._agent += mulaw

    def clear(self) -> None:
        """Forget the agent's audio that is not yet played."""
        self._agent.clear()

    def take(self, *, at_least_bytes: int) -> bytes:
        """The interleaved audio so far, if there is that much of it; nothing otherwise."""
        if len(self._stereo) < at_least_bytes or not self._stereo:
            return b""
        taken = bytes(self._stereo)
        self._stereo.clear()
        return taken

    def _advance(self, caller: bytes) -> None:
        length = len(caller)
        agent = bytes(self._agent[:length]).ljust(length, bytes([MULAW_SILENCE]))
        del self._agent[:length]
        start = len(self._stereo)
        self._stereo.extend(bytes(2 * length))
        self._stereo[start::2] = caller
        self._stereo[start + 1 :: 2] = agent
        self._position_bytes += length


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

    Parts are numbered from the seconds since the call began, so that a call which came back on another task goes on
    behind the parts that the first one kept.
    """

    def __init__(self, call: Call, store: RecordingStore, *, now: datetime) -> None:
        self.timeline = StereoTimeline()
        self._call = call
        self._store = store
        self._number = max(0, int((now - call.started_at).total_seconds()))

    def next_part(self) -> bytes:
        """A part that is ready to be kept; empty when there is none yet."""
        return self.timeline.take(at_least_bytes=_PART_BYTES)

    async def keep(self, part: bytes) -> None:
        """Keep a part; a store that is down costs the part, not the call."""
        self._number += 1
        number = self._number
        try:
            await self._store.put_part(
                self._call.call_sid, started_at=self._call.started_at, number=number, stereo_mulaw=part
            )
        except StoreUnavailable:
            logger.exception("recording_part_lost", part=number)

    async def finish(self) -> None:
        """Keep what is left."""
        rest = self.timeline.take(at_least_bytes=1)
        if rest:
            await self.keep(rest)
