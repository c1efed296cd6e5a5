"""Where finished spans go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.span import FinishedSpan


class SpanSink(Protocol):
    """Takes spans on a thread of its own; nobody's work waits for it."""

    def write(self, service: str, spans: Sequence[FinishedSpan]) -> int:
        """Return how many were not taken. Whatever exception is raised, all are counted as dropped."""
