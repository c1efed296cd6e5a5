from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.adapters.redis.update_tickets import RedisUpdateTickets

pytestmark = pytest.mark.integration


@pytest.fixture
def tickets(cache: Any) -> RedisUpdateTickets:
    return RedisUpdateTickets(cache)


async def test_a_ticket_opens_once_for_its_owner(tickets: RedisUpdateTickets) -> None:
    ticket = await tickets.mint("user-1", ttl_seconds=30)

    redeemed = await asyncio.gather(*(tickets.redeem(ticket) for _ in range(5)))

    assert sorted(redeemed, key=str) == [None, None, None, None, "user-1"]


async def test_a_ticket_does_not_outlive_its_time(tickets: RedisUpdateTickets, cache: Any) -> None:
    ticket = await tickets.mint("user-1", ttl_seconds=30)

    assert 0 < await cache.ttl(f"updates:{{{ticket}}}") <= 30


@pytest.mark.parametrize("ticket", ["", "short", "x" * 43, "../" * 20, "\x00"])
async def test_what_was_never_given_out_opens_nothing(tickets: RedisUpdateTickets, ticket: str) -> None:
    assert await tickets.redeem(ticket) is None


async def test_a_ticket_whose_answer_came_late_and_was_asked_for_again_still_opens(cache: Any) -> None:
    class AsksTwice:
        """As the client's library does when the first answer does not come in time."""

        set = cache.set

        async def eval(self, *arguments: Any) -> Any:
            await cache.eval(*arguments)
            return await cache.eval(*arguments)

    tickets = RedisUpdateTickets(AsksTwice())  # type: ignore[arg-type]  # no more of a client is needed
    ticket = await tickets.mint("user-1", ttl_seconds=30)

    assert [await tickets.redeem(ticket), await tickets.redeem(ticket)] == ["user-1", None]
