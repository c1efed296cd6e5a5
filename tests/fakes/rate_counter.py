"""Rate counters in memory."""

from __future__ import annotations

from collections import Counter

from shared.domain.quota import RateWindow
from shared.errors import StoreUnavailable


class InMemoryRateCounter:
    """One endless window per subject; `new_window` starts the next, `is_down` makes it refuse."""

    def __init__(self, *, resets_in_seconds: int = 30) -> None:
        self.counts: Counter[str] = Counter()
        self.resets_in_seconds = resets_in_seconds
        self.is_down = False

    async def hit(self, subject: str, *, window_seconds: int, cost: int = 1) -> RateWindow:  # noqa: ARG002
        if self.is_down:
            raise StoreUnavailable("The counter did not answer.")
        self.counts[subject] += cost
        return RateWindow(count=self.counts[subject], resets_in_seconds=self.resets_in_seconds)

    def new_window(self) -> None:
        self.counts.clear()
