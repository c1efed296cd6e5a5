"""What callers, senders and probes noticed, with the moment of each: the material of the table and of the verdict."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from enum import StrEnum

from benchmarks.soak.trend import Point
from benchmarks.voice.figures import percentile

MOST_REASONS = 20


class Kind(StrEnum):
    """A latency that is watched, by the word for it in the tables."""

    WEBHOOK = "webhook answer"
    """From when a message's post was due to the last byte of the answer."""

    REPLY = "message to reply"
    """From the same moment to the provider's acceptance of the reply."""

    ACCEPT = "call accept"
    """From the TCP connection to HTTP 101."""

    RESPONSE = "call response"
    """From the caller's last sound to the first of the answer."""

    BARGE_IN = "barge-in"
    """From the caller's first sound to `clear`."""

    LOOP = "stream loop"
    """What the stream service's health takes: as long as whatever its loop is busy with."""


class Observations:
    """Everything that was noticed since the load began."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._latencies: dict[Kind, list[Point]] = {kind: [] for kind in Kind}
        self.counts: Counter[str] = Counter()
        self.reasons: defaultdict[str, list[str]] = defaultdict(list)
        """The first words about each kind of failure."""

    @property
    def now_seconds(self) -> float:
        """Since the load began."""
        return time.monotonic() - self._began

    def seconds_at(self, monotonic_ns: int) -> float:
        """When something happened that was timed by the monotonic clock."""
        return monotonic_ns / 1e9 - self._began

    def took(self, kind: Kind, elapsed_ms: float, *, at_seconds: float | None = None) -> None:
        """Note one latency; `at_seconds` is when what is timed began."""
        self._latencies[kind].append((self.now_seconds if at_seconds is None else at_seconds, elapsed_ms))

    def count(self, name: str, number: int = 1) -> None:
        """Count something."""
        self.counts[name] += number

    def fail(self, name: str, reason: str) -> None:
        """Count a failure; the first words about each kind are kept."""
        self.counts[name] += 1
        if len(self.reasons[name]) < MOST_REASONS:
            self.reasons[name].append(reason)

    def latencies(self, kind: Kind) -> list[Point]:
        """All of a kind, in no order."""
        return self._latencies[kind]

    def percentile(self, kind: Kind, share: float, *, from_seconds: float, until_seconds: float) -> float | None:
        """Of those that began in a window."""
        found = [ms for at, ms in self._latencies[kind] if from_seconds <= at < until_seconds]
        return percentile(found, share)
