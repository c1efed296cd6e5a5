"""The requests of a user in a minute: who may go on, who waits for how long, and what is noted about it."""

from __future__ import annotations

from shared.domain.log_allowance import is_noteworthy
from shared.domain.quota import Admission
from shared.errors import StoreUnavailable
from shared.observability import count, logger, user_hash
from shared.ports.counters import RateCounter
from shared.use_cases.guard_source import note_lost_counter

RATE_WINDOW_SECONDS = 60


class LimitRate:
    """Counts requests against one limit. Without the counter everybody may go on."""

    def __init__(self, rates: RateCounter, *, limit: int, violation: str, channel: str = "") -> None:
        """`violation` names what went over the limit, in logs."""
        self._rates = rates
        self._limit = limit
        self._violation = violation
        self._channel = channel

    async def __call__(self, subject: str, *, user_id: str, channel: str = "", cost: int = 1) -> int:
        """Seconds after which the user may go on; 0 means now.

        Requests that come together pass together if the first of them is within the limit.
        """
        try:
            admission = await self._rates.admit(
                subject, limit=self._limit, window_seconds=RATE_WINDOW_SECONDS, cost=cost
            )
        except StoreUnavailable:
            note_lost_counter("rate")
            return 0
        if admission.count > self._limit:
            self._note_violation(admission, cost, user_id, channel or self._channel)
        return 0 if admission.is_admitted else max(1, admission.retry_after_seconds)

    def _note_violation(self, admission: Admission, cost: int, user_id: str, channel: str) -> None:
        """Count every violation; write down the first ones and then fewer and fewer, which tell the count."""
        count("rate_limit_exceeded", channel=channel)
        over = admission.count - self._limit
        if is_noteworthy(before=max(0, over - cost), now=over):
            logger.warning(
                "rate_limit_exceeded",
                violation=self._violation,
                channel=channel,
                user_hash=user_hash(user_id),
                requests=admission.count,
                limit=self._limit,
            )
