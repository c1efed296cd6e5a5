"""Statuses about messages that nobody knows: kept while the message may still come, then dropped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.ports.unknown_reports import UnknownReports

KEPT_FOR = timedelta(days=30)
"""Far longer than providers repeat a webhook (seven days) or a failed message waits to be tried again (fourteen)."""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgottenReports:
    """About how many ids something was dropped; not complete when it was told to stop."""

    ids: int
    is_complete: bool


class ForgetUnknownReports:
    """Drops them bit by bit; running it again, or twice at once, is safe."""

    def __init__(self, reports: UnknownReports, clock: Callable[[], datetime]) -> None:
        self._reports = reports
        self._clock = clock

    async def __call__(self, *, should_stop: Callable[[], bool]) -> ForgottenReports:
        """Drop what is too old.

        Raises:
            StoreUnavailable: not all was dropped.
        """
        before = self._clock() - KEPT_FOR
        dropped = 0
        while not should_stop():
            gone = await self._reports.forget(before=before, limit=_AT_ONCE)
            dropped += gone
            if gone < _AT_ONCE:
                return ForgottenReports(ids=dropped, is_complete=True)
        return ForgottenReports(ids=dropped, is_complete=False)
