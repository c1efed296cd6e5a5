"""Whether a call of ours may be placed now: the user's limits, and the provider's limit for the whole account."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from shared.domain.quota import decide_rate
from shared.errors import RateLimited, StoreUnavailable
from shared.observability import count
from shared.ports.counters import ConnectionCounter, RateCounter
from shared.use_cases.guard_source import note_lost_counter
from shared.use_cases.limit_rate import LimitRate

LONGEST_WAIT_SECONDS = 2
_PLACING_SECONDS = 60
_SLOT_MARGIN_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimits:
    """Calls of one user at once and requests per minute, how long a call may last, and calls to all users a second."""

    calls_per_user: int
    requests_per_minute: int
    call_limit_seconds: int
    calls_per_second: int

    @property
    def longest_seconds(self) -> int:
        """When the provider cuts a call that we did not end; as long, a call that nobody closes holds its slot."""
        return self.call_limit_seconds + _SLOT_MARGIN_SECONDS


class AdmitOutboundCall:
    """Holds a slot of the user for a call that is being placed, and lets one call after the other go."""

    def __init__(
        self,
        rates: RateCounter,
        slots: ConnectionCounter,
        *,
        limits: CallLimits,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rates = rates
        self._limit_rate = LimitRate(
            rates, limit=limits.requests_per_minute, violation="outbound_calls_per_minute", channel="voice"
        )
        self._slots = slots
        self._sleep = sleep
        self.limits = limits

    async def __call__(self, user_id: str, placing: str) -> None:
        """Take a slot under the name `placing` and wait for a turn.

        Raises:
            RateLimited: the user has as many calls as allowed or was rung too often, or too many users are being rung.
            StoreUnavailable: nobody can tell how many calls the user has.
        """
        await self._check_rate(user_id)
        if not await self._take(user_id, placing, _PLACING_SECONDS):
            raise RateLimited("The user has as many calls as allowed.", retry_after_seconds=_PLACING_SECONDS)
        await self._wait_for_turn()

    async def carry_on(self, user_id: str, placing: str, *, slot: str) -> None:
        """The call has a name now, under which its webhooks expect the slot."""
        await self.give_back(user_id, placing)
        with suppress(StoreUnavailable):
            await self._take(user_id, slot, self.limits.longest_seconds)

    async def give_back(self, user_id: str, slot: str) -> None:
        """The slot is not needed; one that cannot be given back frees itself."""
        with suppress(StoreUnavailable):
            await self._slots.release(user_id, slot)

    async def _check_rate(self, user_id: str) -> None:
        wait_seconds = await self._limit_rate(f"outbound-call:{user_id}", user_id=user_id)
        if wait_seconds:
            raise RateLimited("The user was rung too often in the last minute.", retry_after_seconds=wait_seconds)

    async def _wait_for_turn(self) -> None:
        """Keep to the calls per second that the provider takes of the whole account.

        Two or three people who ring somebody at the same moment need not notice, so a request waits for a turn; a
        client that rings many is told to come back, because what waits here occupies a function.
        """
        waited_seconds = 0
        while True:
            try:
                window = await self._rates.hit("outbound-calls", window_seconds=1)
            except StoreUnavailable:
                note_lost_counter("rate")
                return
            decision = decide_rate(window=window, limit=self.limits.calls_per_second)
            if decision.is_allowed:
                return
            if waited_seconds >= LONGEST_WAIT_SECONDS:
                raise RateLimited("Too many calls are being placed.", retry_after_seconds=decision.retry_after_seconds)
            count("outbound_calls_delayed")
            await self._sleep(decision.retry_after_seconds)
            waited_seconds += decision.retry_after_seconds

    async def _take(self, user_id: str, slot: str, ttl_seconds: int) -> bool:
        return await self._slots.take(user_id, slot, limit=self.limits.calls_per_user, ttl_seconds=ttl_seconds)
