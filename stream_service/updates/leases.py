"""How many updates sockets a user has, among all tasks: each is a slot that must be renewed, or ends with its task."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator

from shared.errors import RateLimited, StoreUnavailable
from shared.observability import logger
from shared.ports.counters import ConnectionCounter, Slot

LEASE_SECONDS = 30
RENEW_SECONDS = 10.0
_AT_ONCE = 100


class SocketLeases:
    """Takes, renews and gives back the slots of this process's sockets."""

    def __init__(self, slots: ConnectionCounter, *, sockets_per_user: int) -> None:
        self._slots = slots
        self._sockets_per_user = sockets_per_user
        self._held: set[Slot] = set()
        self._over: list[Slot] = []
        self._is_any_over = asyncio.Event()

    async def take(self, user: str) -> Slot:
        """The right to one more socket of this user.

        Raises:
            RateLimited: the user has as many as a user may have.
            StoreUnavailable: not known.
        """
        lease, limit = Slot(subject=f"updates:{user}", name=uuid.uuid4().hex), self._sockets_per_user
        if not await self._slots.take(lease.subject, lease.name, limit=limit, ttl_seconds=LEASE_SECONDS):
            # Sockets of a task that died count until their leases have run out.
            raise RateLimited(
                f"You have {limit} updates sockets already; close one, or try again later.",
                retry_after_seconds=LEASE_SECONDS,
            )
        self._held.add(lease)
        return lease

    def give_back(self, lease: Slot) -> None:
        """The socket is over; doing it twice does no harm."""
        if lease in self._held:
            self._held.discard(lease)
            self._over.append(lease)
            self._is_any_over.set()

    async def keep(self) -> None:
        """Renew what is held and free what is given back, until cancelled; then free all that is left."""
        loop = asyncio.get_running_loop()
        renew_at = loop.time() + RENEW_SECONDS
        try:
            while True:
                try:
                    async with asyncio.timeout_at(renew_at):
                        await self._is_any_over.wait()
                except TimeoutError:
                    await self._renew()
                    renew_at = loop.time() + RENEW_SECONDS
                await self._free()
        finally:
            self._over.extend(self._held)
            self._held.clear()
            await self._free()

    async def _renew(self) -> None:
        for some in _chunks(sorted(self._held)):
            try:
                await self._slots.renew(some, ttl_seconds=LEASE_SECONDS)
            except StoreUnavailable:
                # The sockets stay open; their slots are taken again with the next renewal.
                logger.warning("update_leases_not_renewed", leases=len(some))

    async def _free(self) -> None:
        self._is_any_over.clear()
        over, self._over = self._over, []
        for some in _chunks(over):
            freed = (self._slots.release(lease.subject, lease.name) for lease in some)
            outcomes = await asyncio.gather(*freed, return_exceptions=True)
            lost = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
            if lost:
                logger.warning("update_leases_not_freed", leases=len(lost))


def _chunks(leases: list[Slot]) -> Iterator[list[Slot]]:
    return (leases[start : start + _AT_ONCE] for start in range(0, len(leases), _AT_ONCE))
