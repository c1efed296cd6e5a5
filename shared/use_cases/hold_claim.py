"""Keeping the right to answer a message for as long as the answer takes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from shared.errors import LeaseLost, StoreUnavailable
from shared.observability import logger
from shared.ports.stores import Claim, HistoryStore


@asynccontextmanager
async def holding(claim: Claim, history: HistoryStore, *, lease_seconds: int) -> AsyncGenerator[None, None]:
    """Keep the lease alive while the answer takes its time, and give it back at once when it fails."""
    renewal = asyncio.create_task(_renew(claim, history, lease_seconds))
    try:
        yield
    except Exception:
        # A cancelled worker is not among these. It is being stopped, perhaps while a provider takes the reply:
        # the rest of the lease is the time in which the provider's status can tell.
        await _give_back(claim, history)
        raise
    finally:
        renewal.cancel()
        await asyncio.wait({renewal})


async def _renew(claim: Claim, history: HistoryStore, lease_seconds: int) -> None:
    while True:
        await asyncio.sleep(lease_seconds / 3)
        try:
            await history.renew(claim, lease_seconds=lease_seconds)
        except StoreUnavailable:
            logger.warning("lease_not_renewed", message_id=claim.message_id)
        except LeaseLost:
            # Whatever this worker still wants to note will be refused, and it sends nothing unnoted.
            logger.warning("lease_lost", message_id=claim.message_id)
            return


async def _give_back(claim: Claim, history: HistoryStore) -> None:
    try:
        await history.release(claim)
    except StoreUnavailable:
        logger.warning("lease_not_released", message_id=claim.message_id)
