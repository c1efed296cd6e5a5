"""Measures voice activity detection alone: processor time per second of a call, and the age of its answers.

`python -m benchmarks.voice_activity.measure` plays calls in real time, frame by frame at unlike moments as sockets
bring them, through the model run once per window and call (`single`), through the shared detector that hears
everything (`batched`), and through the detector as the service has it (`gated`). One caller in three is speaking. What
playing the frames costs without any detector is taken off.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import statistics
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from stream_service.listening.silero import SileroDetector
from stream_service.listening.silero_memory import SileroMemory
from stream_service.listening.silero_model import SileroModel
from stream_service.listening.silero_windows import WINDOW_BYTES, WINDOW_MS, SileroWindows
from stream_service.listening.vad import ActivityListener, VoiceActivity
from stream_service.media.audio import FRAME_BYTES, FRAME_MS
from tests.stream_service.listening.utterances import recorded_utterances

LEVELS = (1, 10, 50, 150)
# The smallest steps of mu-law around zero: a quiet line that is not digital silence.
LINE_NOISE = bytes([0xFF, 0x7F, 0xFE, 0x7E])
SILENCE_PER_SPEECH = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One way of detecting at one number of calls.

    Attributes:
        cpu_ms: of the process, per second of one call.
        ages_ms: from a window's last frame to its answer, for all windows.
        mean_batch: windows per run of the model.
        quiet_share: of all windows, those answered without the model.
    """

    cpu_ms: float
    ages_ms: list[float]
    mean_batch: float = 0.0
    quiet_share: float = 0.0


@dataclass(slots=True)
class Caller:
    """One call's audio, and when the windows that are not yet answered were complete."""

    audio: bytes
    position: int
    hear: Callable[[bytes], None] = lambda _: None
    heard_bytes: int = 0
    covered_ms: int = 0
    answered_windows: int = 0
    complete_at: deque[float] = field(default_factory=deque)
    ages_ms: list[float] = field(default_factory=list)

    def frame(self) -> None:
        """The next 20 ms arrive."""
        frame = self.audio[self.position : self.position + FRAME_BYTES]
        self.position = (self.position + FRAME_BYTES) % len(self.audio)
        before = self.heard_bytes // WINDOW_BYTES
        self.heard_bytes += FRAME_BYTES
        if self.heard_bytes // WINDOW_BYTES > before:
            self.complete_at.append(time.perf_counter())
        self.hear(frame)

    def answered(self, _probability: float, covers_ms: int) -> None:
        """Audio was judged: the rest of a window, a window, or what silence there is of several."""
        self.covered_ms += covers_ms
        while self.answered_windows < self.covered_ms // WINDOW_MS:
            self.answered_windows += 1
            self.ages_ms.append((time.perf_counter() - self.complete_at.popleft()) * 1000)


class SingleRuns(VoiceActivity):
    """The model run for one window of one call, on the event loop."""

    def __init__(self, model: SileroModel, listener: ActivityListener) -> None:
        self._model = model
        self._listener = listener
        self._windows = SileroWindows()
        self._states = SileroMemory(places=1).recall([0])

    def hear(self, mulaw: bytes) -> None:
        """Score each window as it is complete."""
        for window in self._windows.cut(mulaw):
            speech, self._states = self._model.score([window], self._states)
            self._listener(float(speech[0]), WINDOW_MS)

    def close(self) -> None:
        """Nothing is shared."""


def conversation(chance: random.Random) -> bytes:
    """A caller who speaks a third of the time."""
    pieces = []
    for utterance in chance.sample(recorded_utterances(), k=4):
        pieces += [utterance.mulaw, bytes(chance.choices(LINE_NOISE, k=SILENCE_PER_SPEECH * len(utterance.mulaw)))]
    audio = b"".join(pieces)
    return audio[: len(audio) // FRAME_BYTES * FRAME_BYTES]


def callers(count: int) -> list[Caller]:
    """Calls that are at unlike places of unlike conversations; the same ones for every way of detecting."""
    chance = random.Random(count)  # noqa: S311 - not for secrets
    audios = [conversation(chance) for _ in range(4)]
    drawn = [chance.choice(audios) for _ in range(count)]
    return [Caller(audio, chance.randrange(len(audio) // FRAME_BYTES) * FRAME_BYTES) for audio in drawn]


async def play(calls: list[Caller], seconds: float) -> float:
    """Bring every call its frames in real time; return the processor seconds spent."""
    chance = random.Random(7)  # noqa: S311 - not for secrets
    by_millisecond: list[list[Caller]] = [[] for _ in range(FRAME_MS)]
    for call in calls:
        by_millisecond[chance.randrange(FRAME_MS)].append(call)
    loop = asyncio.get_running_loop()
    began, spent = loop.time(), time.process_time()
    for millisecond in range(int(seconds * 1000)):
        due = by_millisecond[millisecond % FRAME_MS]
        if due:
            await asyncio.sleep(max(0.0, began + millisecond / 1000 - loop.time()))
        for call in due:
            call.frame()
    await asyncio.sleep(0.1)
    return time.process_time() - spent


async def alone(count: int, seconds: float) -> Measured:
    """What the frames cost without a detector."""
    spent = await play(callers(count), seconds)
    return Measured(cpu_ms=spent * 1000 / seconds / count, ages_ms=[])


async def single(count: int, seconds: float) -> Measured:
    """One run of the model for each window of each call."""
    model = SileroModel()
    model.load()
    calls = callers(count)
    for call in calls:
        call.hear = SingleRuns(model, call.answered).hear
    spent = await play(calls, seconds)
    ages = [age for call in calls for age in call.ages_ms]
    return Measured(cpu_ms=spent * 1000 / seconds / count, ages_ms=ages, mean_batch=1.0)


async def shared(count: int, seconds: float, detector: SileroDetector) -> Measured:
    """The detector of the stream service."""
    detector.warm_up()
    calls = callers(count)
    for call in calls:
        call.hear = detector.open(call.answered).hear
    spent = await play(calls, seconds)
    detector.close()
    judged = detector.counts
    ages = [age for call in calls for age in call.ages_ms]
    return Measured(
        cpu_ms=spent * 1000 / seconds / count,
        ages_ms=ages,
        mean_batch=judged.scored / max(1, judged.runs),
        quiet_share=judged.quiet / max(1, judged.quiet + judged.scored),
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of every measurement")
    parser.add_argument("--calls", type=int, nargs="+", default=LEVELS)
    wanted = parser.parse_args()
    print(
        "| calls | way | CPU ms per call-second | of single | mean batch | without model | answer p50 / p95 / max ms |"
    )
    print("|---:|---|---:|---:|---:|---:|---:|")
    for count in wanted.calls:
        floor = asyncio.run(alone(count, wanted.seconds)).cpu_ms
        reference = asyncio.run(single(count, wanted.seconds))
        batched = asyncio.run(shared(count, wanted.seconds, SileroDetector(silences_to_settle=math.inf)))
        gated = asyncio.run(shared(count, wanted.seconds, SileroDetector()))
        for way, measured in (("single", reference), ("batched", batched), ("gated", gated)):
            print(_row(count, way, measured, floor, reference.cpu_ms - floor), flush=True)


def _row(count: int, way: str, measured: Measured, floor: float, reference: float) -> str:
    cpu = measured.cpu_ms - floor
    p50, p95 = (statistics.quantiles(measured.ages_ms, n=100)[place] for place in (49, 94))
    return (
        f"| {count} | {way} | {cpu:.2f} | {cpu / reference:.2f} | {measured.mean_batch:.1f} "
        f"| {measured.quiet_share:.0%} | {p50:.1f} / {p95:.1f} / {max(measured.ages_ms):.1f} |"
    )


if __name__ == "__main__":
    main()
