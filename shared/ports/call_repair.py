"""The calls that a dead task or a dead store left unfinished."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.call import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPeriod:
    """Calls that started from `since` to before `until`."""

    since: datetime
    until: datetime


class UnfinishedCalls(Protocol):
    """Finds calls in the order in which they started, a page at a time.

    `after` is the last call of the page before; a page with fewer than `limit` calls is the last one.
    """

    async def left_open(self, period: CallPeriod, *, after: Call | None, limit: int) -> tuple[Call, ...]:
        """Calls that still ring or live.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def without_recording(self, period: CallPeriod, *, after: Call | None, limit: int) -> tuple[Call, ...]:
        """Calls that are over, had audio and have no recording linked.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """
