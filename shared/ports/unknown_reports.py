"""Statuses that never found a message: of another system on the same number, or of a message that is lost."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class UnknownReports(Protocol):
    """What is kept in case the message is still to come."""

    async def forget(self, *, before: datetime, limit: int) -> int:
        """Drop what providers reported before then about at most `limit` ids that no message of ours has.

        Returns how many ids were dropped; what was reported about them later stays.

        Raises:
            StoreUnavailable: nothing is known to have happened; doing it again is safe.
        """
