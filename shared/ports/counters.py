"""Counts that must agree among all processes: rates, failures, open connections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from shared.domain.quota import Admission, RateWindow


class RateCounter(Protocol):
    """Counts requests per subject."""

    async def admit(self, subject: str, *, limit: int, window_seconds: int, cost: int = 1) -> Admission:
        """Let `cost` requests of `subject` pass together if the first of them is within the limit.

        In any `window_seconds`, from whatever moment on, no more than `limit` pass, plus what came together with the
        last of them. What is refused takes nobody's place: whoever goes on asking waits no longer for it.

        Raises:
            StoreUnavailable: not counted.
        """

    async def hit(self, subject: str, *, window_seconds: int, cost: int = 1) -> RateWindow:
        """Count `cost` requests of `subject` and return the fixed window they fell into.

        Raises:
            StoreUnavailable: not counted.
        """


class FailedSource(NamedTuple):
    """How a source stands that has just failed validation.

    Attributes:
        failures: in the current window, or since the block began; this one included.
        blocked_seconds: for how long the source stays shut out that was shut out before; 0 if it was not.
    """

    failures: int
    blocked_seconds: int


class Blocklist(Protocol):
    """Sources that failed validation too often."""

    async def record_failure(
        self, source: str, *, failures_before_block: int, window_seconds: int, block_seconds: int
    ) -> FailedSource:
        """Count a failed validation, and shut the source out from `failures_before_block` in one window on.

        Counting and blocking are one step: of any number of failures at once, exactly so many find no block.
        What fails while it is shut out makes the block no longer.

        Raises:
            StoreUnavailable: not counted.
        """

    async def forgive(self, source: str) -> None:
        """Forget the source's failures and lift its block: it has just proved who it is.

        Raises:
            StoreUnavailable: not done.
        """


class Slot(NamedTuple):
    """One of a subject's slots, by its name."""

    subject: str
    name: str


class ConnectionCounter(Protocol):
    """Slots of a user's open connections. A slot whose holder died frees itself after `ttl_seconds`."""

    async def take(self, subject: str, slot: str, *, limit: int, ttl_seconds: int, holder: str = "") -> bool:
        """Take a slot, atomically; False when `limit` others are taken. Taking one's own slot again renews it.

        A slot may pass from one holder to the next; the last one that took it holds it.

        Raises:
            StoreUnavailable: not known whether it was taken.
        """

    async def renew(self, slots: Sequence[Slot], *, ttl_seconds: int) -> None:
        """Hold slots of any subjects for so long from now on; one that ran out meanwhile is taken again.

        Raises:
            StoreUnavailable: some of them may not have been renewed.
        """

    async def release(self, subject: str, slot: str, *, holder: str = "") -> bool:
        """Give a slot back; giving back what nobody holds is fine. Without a `holder`, whoever holds it.

        False, and nothing given back, when another holder has taken it since.

        Raises:
            StoreUnavailable: not given back; it frees itself later.
        """

    async def holds(self, subject: str, slot: str) -> bool:
        """Whether the slot is taken now.

        Raises:
            StoreUnavailable: not known.
        """
