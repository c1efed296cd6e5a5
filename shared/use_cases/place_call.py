"""The business telephones: limits, the provider's call, its record; our own webhook serves it as any other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from shared.domain.call import Call, CallDirection, StreamTicket
from shared.domain.quota import decide_rate
from shared.errors import InvalidContent, ProviderRejected, RateLimited, StoreUnavailable
from shared.observability import count, logger, user_hash
from shared.ports.counters import ConnectionCounter, RateCounter
from shared.ports.request_keys import RequestKeys
from shared.ports.stores import CallStore
from shared.ports.telephony import Dialler
from shared.use_cases.guard_source import note_lost_counter

# For so long nobody dials again under a key of which it is not known whether the phone rang.
UNKNOWN_FOR_SECONDS = 600
REMEMBERED_SECONDS = 86_400
RING_SECONDS = 30
_PLACING_SECONDS = 60
_RATE_WINDOW_SECONDS = 60
_SLOT_MARGIN_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimits:
    """Calls of one user at once and requests per minute, and how long a call may last."""

    calls_per_user: int
    requests_per_minute: int
    call_limit_seconds: int


class PlaceCall:
    """Has the provider ring a user; the same key rings once."""

    def __init__(
        self,
        dialler: Dialler,
        calls: CallStore,
        keys: RequestKeys,
        rates: RateCounter,
        slots: ConnectionCounter,
        clock: Callable[[], datetime],
        *,
        limits: CallLimits,
        business_number: str,
    ) -> None:
        self._dialler = dialler
        self._calls = calls
        self._keys = keys
        self._rates = rates
        self._slots = slots
        self._clock = clock
        self._limits = limits
        self._business_number = business_number

    async def __call__(self, user_id: str, *, idempotency_key: str, business_id: str = "") -> Call:
        """Ring the user, or say which call an earlier request with the key placed.

        Raises:
            InvalidContent: nobody said which of our numbers it comes from.
            RateLimited: the user has as many calls as allowed, or was rung too often.
            AlreadyClaimed: begun before, and not known whether the phone rang.
            ProviderRejected: the provider does not ring this number.
            ProviderUnavailable: not known whether the phone rings.
            StoreUnavailable: the limits are not known, so nothing was done; or the call was placed and not kept.
        """
        ticket_business = business_id or self._business_number.removeprefix("+")
        if not ticket_business:
            raise InvalidContent("business_id has to say which number the call comes from.")
        key = f"{user_id}:{idempotency_key}"
        call_sid = await self._keys.begin(key, ttl_seconds=UNKNOWN_FOR_SECONDS)
        if call_sid is None:
            call_sid = await self._place(key, user_id, ticket_business)
        ticket = StreamTicket(
            call_sid=call_sid,
            caller_id=user_id,
            business_id=ticket_business,
            slot=call_sid,
            direction=CallDirection.OUTBOUND,
        )
        return await self._calls.open(ticket, started_at=self._clock())

    async def _place(self, key: str, user_id: str, business_id: str) -> str:
        placing = f"placing-{key}"
        try:
            await self._take_place(user_id, placing)
            call_sid = await self._dialler.place_call(
                user_id,
                business_id,
                ring_seconds=RING_SECONDS,
                longest_seconds=self._limits.call_limit_seconds + _SLOT_MARGIN_SECONDS,
            )
        except (RateLimited, ProviderRejected, StoreUnavailable):
            # Certainly nobody was rung: another try is as good as new.
            await self._give_back(user_id, placing)
            with suppress(StoreUnavailable):
                await self._keys.forget(key)
            raise
        logger.info("call_placed", call_sid=call_sid, user=user_hash(user_id))
        count("calls_placed")
        await self._keep(key, user_id, placing, call_sid)
        return call_sid

    async def _take_place(self, user_id: str, placing: str) -> None:
        try:
            window = await self._rates.hit(f"outbound-call:{user_id}", window_seconds=_RATE_WINDOW_SECONDS)
        except StoreUnavailable:
            note_lost_counter("rate")
        else:
            decision = decide_rate(window=window, limit=self._limits.requests_per_minute)
            if not decision.is_allowed:
                raise RateLimited(
                    "The user was rung too often in the last minute.", retry_after_seconds=window.resets_in_seconds
                )
        if not await self._take(user_id, placing, _PLACING_SECONDS):
            raise RateLimited("The user has as many calls as allowed.", retry_after_seconds=_PLACING_SECONDS)

    async def _keep(self, key: str, user_id: str, placing: str, call_sid: str) -> None:
        """The slot goes on under the call's own name, as the webhook of the answered call expects it."""
        await self._give_back(user_id, placing)
        with suppress(StoreUnavailable):
            await self._take(user_id, call_sid, self._limits.call_limit_seconds + _SLOT_MARGIN_SECONDS)
        try:
            await self._keys.finish(key, call_sid, ttl_seconds=REMEMBERED_SECONDS)
        except StoreUnavailable:
            logger.warning("request_key_not_kept", call_sid=call_sid)

    async def _take(self, user_id: str, slot: str, ttl_seconds: int) -> bool:
        return await self._slots.take(user_id, slot, limit=self._limits.calls_per_user, ttl_seconds=ttl_seconds)

    async def _give_back(self, user_id: str, slot: str) -> None:
        with suppress(StoreUnavailable):
            await self._slots.release(user_id, slot)
