"""Tickets of the updates socket on a real cluster."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.adapters.redis.update_tickets import RedisUpdateTickets
from shared.domain.access import Caller, Role

pytestmark = pytest.mark.integration

ASHA = Caller(
    subject="user-1", roles=frozenset({Role.OPERATOR}), proof_ends_at=datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
)


@pytest.fixture
def tickets(cache: Any) -> RedisUpdateTickets:
    return RedisUpdateTickets(cache)


async def test_a_ticket_opens_once_for_its_owner(tickets: RedisUpdateTickets) -> None:
    ticket = await tickets.mint(ASHA, ttl_seconds=30)

    redeemed = await asyncio.gather(*(tickets.redeem(ticket) for _ in range(5)))

    assert sorted(redeemed, key=str) == [ASHA, None, None, None, None]


async def test_a_ticket_does_not_outlive_its_time(tickets: RedisUpdateTickets, cache: Any) -> None:
    ticket = await tickets.mint(ASHA, ttl_seconds=30)

    assert 0 < await cache.ttl(f"updates:{{{ticket}}}") <= 30


@pytest.mark.parametrize("ticket", ["", "short", "x" * 43, "../" * 20, "\x00"])
async def test_what_was_never_given_out_opens_nothing(tickets: RedisUpdateTickets, ticket: str) -> None:
    assert await tickets.redeem(ticket) is None


async def test_a_ticket_of_a_release_that_wrote_them_otherwise_opens_nothing(
    tickets: RedisUpdateTickets, cache: Any
) -> None:
    ticket = "x" * 43
    await cache.set(f"updates:{{{ticket}}}", b"user-1", ex=30)

    assert await tickets.redeem(ticket) is None
