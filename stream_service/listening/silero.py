"""Voice activity by the Silero model: robust in noise, native at 8 kHz, and run once for many calls together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.observability import logger
from stream_service.listening.quiet_gate import SILENCES_TO_SETTLE, QuietGate, loudness
from stream_service.listening.scoring_thread import ScoringThread
from stream_service.listening.silero_memory import Numbers, SileroMemory
from stream_service.listening.silero_model import SileroModel
from stream_service.listening.silero_windows import CONTEXT_BYTES, WINDOW_MS, SileroWindows
from stream_service.listening.vad import ActivityListener
from stream_service.media.audio import BYTES_PER_MS

# Up to here a batch takes half a millisecond, twice that on a busy machine; a larger one costs no less per window.
_SCORED_ON_THE_LOOP = 16
# With few calls there is nothing to wait for; with many, windows that end within this time share a run.
_CALLS_THAT_WAIT = 8
_GATHERING_SECONDS = 0.01
# Of one call, about two seconds: what is older when the scorer falls behind says nothing that matters now.
_WINDOWS_WAITING = 64
# For windows the model could not score: speech on a telephone is seldom quieter, its noise seldom louder.
_LOUD_RMS = 500

Scores = tuple[Numbers, Numbers]


class SpeechModel(Protocol):
    """What SileroModel does."""

    def load(self) -> None:
        """Be ready to score."""

    def score(self, windows: Sequence[bytes], states: Numbers) -> Scores:
        """Probabilities of speech and new states, of one window of each of n calls."""


@dataclass(slots=True)
class ActivityCounts:
    """How the windows of all calls were judged since the process started.

    Attributes:
        scored: by the model.
        runs: of the model; scored / runs is the mean batch.
        quiet: by the gate, without the model.
        merged: not at all: the scorer was behind, and the next window spoke for them.
        by_loudness: by loudness alone, because the model failed.
    """

    scored: int = 0
    runs: int = 0
    quiet: int = 0
    merged: int = 0
    by_loudness: int = 0


@dataclass(frozen=True, slots=True)
class _Window:
    """Audio that waits for the model, or to be reported behind audio that does.

    Attributes:
        mulaw: for the model; empty when it need not hear it.
        covers_ms: what is to be reported of it; nothing, when its silence was reported before.
        probability: of speech, if the model need not hear it; None is as in the audio before.
    """

    mulaw: bytes
    covers_ms: int
    probability: float | None = None


class SileroDetector:
    """Implements VoiceActivityDetector: one session and one memory for all calls, one run for those that are ready.

    A batch holds one window of each call, since a window needs what the model remembers of the one before. Small
    batches run on the event loop, large ones in a thread; one batch is under way at a time, the next gathers meanwhile.

    Args:
        model: what scores; the Silero model when None.
        silences_to_settle: of every call's gate; with infinity the model hears and remembers every window.
    """

    def __init__(self, model: SpeechModel | None = None, *, silences_to_settle: float = SILENCES_TO_SETTLE) -> None:
        self.counts = ActivityCounts()
        self.memory = SileroMemory()
        self._silences_to_settle = silences_to_settle
        self._model = SileroModel() if model is None else model
        self._thread: ScoringThread[Scores] = ScoringThread("voice-activity")
        self._waiting: dict[SileroActivity, None] = {}
        self._next_run: asyncio.Handle | None = None
        self._is_scoring = False
        self._is_closed = False
        self._has_failed = False

    @property
    def is_scoring(self) -> bool:
        """Whether a batch is under way."""
        return self._is_scoring

    def warm_up(self) -> None:
        """Load the model and run it once, in about 0.1 s.

        Raises:
            SpeechUnavailable: the model's wheel is not installed, or its file is not the tested one.
        """
        self._model.load()

    def open(self, listener: ActivityListener) -> SileroActivity:
        """A place in the memory for a new call."""
        self.warm_up()
        return SileroActivity(self, listener, QuietGate(silences_to_settle=self._silences_to_settle))

    def close(self) -> None:
        """End the thread; windows that wait, and those that come, are never scored."""
        self._is_closed = True
        self._waiting.clear()
        if self._next_run is not None:
            self._next_run.cancel()
        self._thread.close()

    def enqueue(self, activity: SileroActivity) -> None:
        """The call has a window to be scored; being enqueued already, it keeps its turn."""
        if self._is_closed:
            return
        self._waiting[activity] = None
        if self._next_run is None and not self._is_scoring:
            self._gather()

    def forget(self, activity: SileroActivity) -> None:
        """The call is over."""
        self._waiting.pop(activity, None)

    def _gather(self) -> None:
        """Score soon: when the frames that have arrived are taken, or a little later when many calls may join."""
        loop = asyncio.get_running_loop()
        if self.memory.taken <= _CALLS_THAT_WAIT:
            self._next_run = loop.call_soon(self._run)
        else:
            self._next_run = loop.call_later(_GATHERING_SECONDS, self._run)

    def _run(self) -> None:
        self._next_run = None
        calls = list(self._waiting)
        self._waiting.clear()
        if not calls:
            return
        self._is_scoring = True
        windows = [call.next_window() for call in calls]
        audio = [window.mulaw for window in windows]
        states = self.memory.recall([call.place for call in calls])
        if len(calls) > _SCORED_ON_THE_LOOP:
            self._thread.run(
                lambda: self._model.score(audio, states), lambda outcome: self._finish(calls, windows, outcome)
            )
            return
        try:
            outcome: Scores | Exception = self._model.score(audio, states)
        except Exception as error:  # noqa: BLE001 - as in the thread: no failure of the model ends a call
            outcome = error
        self._finish(calls, windows, outcome)

    def _finish(self, calls: list[SileroActivity], windows: list[_Window], outcome: Scores | Exception) -> None:
        """Tell every call that is still there its score, then see to the windows that came meanwhile."""
        self._is_scoring = False
        if isinstance(outcome, Exception):
            self._judge_by_loudness(calls, windows, outcome)
        else:
            self._judge(calls, windows, *outcome)
        if self._waiting and self._next_run is None:
            self._gather()

    def _judge(self, calls: list[SileroActivity], windows: list[_Window], speech: Numbers, states: Numbers) -> None:
        self.counts.runs += 1
        self.counts.scored += len(calls)
        probabilities = speech.tolist()
        kept = [n for n, call in enumerate(calls) if call.is_open and call.gate.judge(probabilities[n])]
        self.memory.remember([calls[n].place for n in kept], states[:, kept])
        for call, window, probability in zip(calls, windows, probabilities, strict=True):
            call.judged(window, probability)

    def _judge_by_loudness(self, calls: list[SileroActivity], windows: list[_Window], error: Exception) -> None:
        self.counts.by_loudness += len(calls)
        if not self._has_failed:
            self._has_failed = True
            logger.warning("voice_activity_model_failed", exc_info=error)
        for call, window in zip(calls, windows, strict=True):
            is_loud = loudness(window.mulaw[CONTEXT_BYTES:]) >= _LOUD_RMS
            call.judged(window, 1.0 if is_loud else 0.0)


class SileroActivity:
    """Implements VoiceActivity for one call: its windows that wait, in order, and its gate.

    Certain silence after speech is reported with its frame: the model goes on believing in speech for 80 to 200 ms, and
    windows end up to 28 ms behind frames. The model hears that silence nevertheless, until it has settled.
    """

    def __init__(self, detector: SileroDetector, listener: ActivityListener, gate: QuietGate) -> None:
        self.place = detector.memory.take()
        self.is_open = True
        self.gate = gate
        self._detector = detector
        self._listener = listener
        self._windows = SileroWindows()
        self._heard_bytes = 0
        self._cut_ms = 0
        self._covered_ms = 0  # Of the audio heard, what is reported or waits to be.
        self._waiting: deque[_Window] = deque()
        self._unreported = 0  # Of the windows that wait or are being scored, those that cover something.
        self._latest = 0.0
        self._is_in_line = False

    def hear(self, mulaw: bytes) -> None:
        """Answer audio that is certainly silent, and line up the windows that the model must hear."""
        if not self.is_open:
            return
        before_ms = self._heard_bytes // BYTES_PER_MS
        self._heard_bytes += len(mulaw)
        if self.gate.is_silence(mulaw):
            # The window that the silence breaks off is not waited for: what was heard goes on until there.
            self._tell(None, self._cover(before_ms))
            self._tell(0.0, self._cover(self._heard_bytes // BYTES_PER_MS))
        for window in self._windows.cut(mulaw):
            self._cut_ms += WINDOW_MS
            self._wait(_Window(window, self._cover(self._cut_ms)))
        if self.is_open:  # Unless the listener ended it.
            self._advance()

    def close(self) -> None:
        """Give the place back; what is still being scored is dropped."""
        if self.is_open:
            self.is_open = False
            self._waiting.clear()
            self._detector.forget(self)
            self._detector.memory.give_back(self.place)

    def next_window(self) -> _Window:
        """The oldest window, to be scored now; `judged` follows."""
        return self._waiting.popleft()

    def judged(self, window: _Window, probability: float) -> None:
        """Report a score, and go on with the windows behind it."""
        if not self.is_open:
            return
        self._is_in_line = False
        self._settle(window, probability)
        self._advance()

    def _cover(self, to_ms: int) -> int:
        """How much audio up to there is neither reported nor waits to be; from now on it is."""
        uncovered_ms = max(0, to_ms - self._covered_ms)
        self._covered_ms += uncovered_ms
        return uncovered_ms

    def _tell(self, probability: float | None, covers_ms: int) -> None:
        """Report what is known without the model, behind what is not."""
        if not covers_ms or not self.is_open:
            return
        if self._unreported:
            self._wait(_Window(b"", covers_ms, probability))
        else:
            self._report(probability, covers_ms)

    def _wait(self, window: _Window) -> None:
        if len(self._waiting) == _WINDOWS_WAITING:
            oldest, second = self._waiting.popleft(), self._waiting.popleft()
            self._waiting.appendleft(_Window(second.mulaw, oldest.covers_ms + second.covers_ms, second.probability))
            self._unreported -= bool(oldest.covers_ms and second.covers_ms)
            self._detector.counts.merged += 1
        self._waiting.append(window)
        self._unreported += bool(window.covers_ms)

    def _advance(self) -> None:
        """Answer what needs no model, up to the first window that it must hear."""
        while self._waiting and not self._is_in_line:
            window = self._waiting[0]
            if window.mulaw and not self.gate.is_quiet(window.mulaw[CONTEXT_BYTES:]):
                self._is_in_line = True
                self._detector.enqueue(self)
                return
            self._waiting.popleft()
            if window.mulaw:
                self._detector.counts.quiet += 1
                self._settle(window, 0.0)
            else:
                self._settle(window, window.probability)

    def _settle(self, window: _Window, probability: float | None) -> None:
        if window.covers_ms:
            self._unreported -= 1
            self._report(probability, window.covers_ms)

    def _report(self, probability: float | None, covers_ms: int) -> None:
        if probability is not None:
            self._latest = probability
        try:
            self._listener(self._latest, covers_ms)
        except Exception as error:  # noqa: BLE001 - scores of other calls come behind this one
            asyncio.get_running_loop().call_exception_handler(
                {"message": "voice activity could not be reported", "exception": error}
            )
