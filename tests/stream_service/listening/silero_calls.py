"""Calls that note what the shared detector reports of them, and a model that can be followed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import numpy as np

from stream_service.listening.silero import SileroDetector, SpeechModel
from stream_service.listening.silero_memory import Numbers
from stream_service.media.audio import MULAW_SILENCE

WINDOW = b"\x10" * 256
"""32 ms of something loud."""


class CountingModel(SpeechModel):
    """Says of each window how many of the same call it has scored, in ten-thousandths: 0.5001, 0.5002, ...

    Of a silent window it says the same without the half, unless it `believes_in_speech`.
    """

    def __init__(self) -> None:
        self.batches: list[list[bytes]] = []
        self.threads: list[str] = []
        self.failures = 0
        self.believes_in_speech = False
        self.may_score = threading.Event()
        self.may_score.set()

    def load(self) -> None:
        """Nothing to load."""

    def score(self, windows: Sequence[bytes], states: Numbers) -> tuple[Numbers, Numbers]:
        """Count; fail as often as `failures` says; wait for `may_score`."""
        self.may_score.wait(10)
        self.batches.append(list(windows))
        self.threads.append(threading.current_thread().name)
        if self.failures:
            self.failures -= 1
            message = "out of memory"
            raise RuntimeError(message)
        after = states + np.float32(1)
        is_speech = [self.believes_in_speech or window[-1] != MULAW_SILENCE for window in windows]
        half = np.array(is_speech, dtype=np.float32) / 2
        return half + after[0, :, 0] / np.float32(10_000), after


class ListenedCall:
    """A call at the detector."""

    def __init__(self, detector: SileroDetector) -> None:
        self.reports: list[tuple[float, int]] = []
        self._reported = asyncio.Event()
        self.activity = detector.open(self._note)

    def _note(self, probability: float, covers_ms: int) -> None:
        self.reports.append((probability, covers_ms))
        self._reported.set()

    @property
    def probabilities(self) -> list[float]:
        return [probability for probability, _ in self.reports]

    @property
    def numbers(self) -> list[int]:
        """What a CountingModel said."""
        return [round(probability * 10_000) % 5000 for probability in self.probabilities]

    @property
    def covered_ms(self) -> int:
        return sum(ms for _, ms in self.reports)

    async def covers(self, milliseconds: int) -> None:
        """Wait until so much audio was reported."""
        async with asyncio.timeout(20):
            while self.covered_ms < milliseconds:
                self._reported.clear()
                await self._reported.wait()
