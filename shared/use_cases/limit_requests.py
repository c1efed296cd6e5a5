"""What one person or program may ask of the API in a minute."""

from __future__ import annotations

from shared.domain.access import Caller
from shared.errors import RateLimited
from shared.ports.counters import RateCounter
from shared.use_cases.limit_rate import LimitRate


class LimitRequests:
    """Counts the requests of a caller who has proved who they are, whatever becomes of them afterwards.

    Requests without a valid token are not counted here: what a forged token claims must use up nobody's minute.
    """

    def __init__(self, rates: RateCounter, *, requests_per_minute: int) -> None:
        self._limit_rate = LimitRate(
            rates, limit=requests_per_minute, violation="api_requests_per_minute", channel="api"
        )

    async def __call__(self, caller: Caller) -> None:
        """Let the caller pass.

        Raises:
            RateLimited: they have asked as often as allowed in the last minute.
        """
        wait_seconds = await self._limit_rate(f"api:{caller.subject}", user_id=caller.subject)
        if wait_seconds:
            raise RateLimited("Too many requests in the last minute.", retry_after_seconds=wait_seconds)
