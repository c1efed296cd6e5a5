"""What every StreamTickets promises."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.redis.tickets import RedisStreamTickets
from shared.domain.call import CallDirection
from shared.ports.stores import StreamTickets
from tests.contracts.conftest import REAL
from tests.fakes.stores import FakeStreamTickets
from tests.samples import a_ticket


@pytest.fixture(params=["fake", REAL])
def tickets(request: pytest.FixtureRequest, clock: Any) -> StreamTickets:
    if request.param == "fake":
        return FakeStreamTickets(clock)
    return RedisStreamTickets(request.getfixturevalue("cache"))


async def test_a_token_gives_its_ticket_once(tickets: StreamTickets) -> None:
    trace = {"traceparent": "00-6923f0a15b1a4c8e9d2f7a6b3c4d5e6f-00f067aa0ba902b7-01"}
    ticket = replace(a_ticket(), resumes=True, direction=CallDirection.OUTBOUND, trace=trace)
    token = await tickets.mint(ticket, ttl_seconds=30)

    redeemed = await tickets.redeem(token)

    assert redeemed == ticket
    assert await tickets.redeem(token) is None


async def test_of_two_who_come_with_one_token_one_is_let_in(tickets: StreamTickets) -> None:
    token = await tickets.mint(a_ticket(), ttl_seconds=30)

    redeemed = await asyncio.gather(*(tickets.redeem(token) for _ in range(5)))

    assert sum(ticket is not None for ticket in redeemed) == 1


async def test_tokens_are_unguessable_and_safe_in_a_path(tickets: StreamTickets) -> None:
    tokens = {await tickets.mint(a_ticket(), ttl_seconds=30) for _ in range(20)}

    assert len(tokens) == 20
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", token) for token in tokens)


@pytest.mark.parametrize("token", ["", "x", "}{", "a" * 43, "é" * 43, "x" * 100_000, "\udcff"])
async def test_a_forged_token_gives_nothing(tickets: StreamTickets, token: str) -> None:
    assert await tickets.redeem(token) is None
