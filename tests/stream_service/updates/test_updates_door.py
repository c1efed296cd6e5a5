"""Who may open an updates socket."""

from __future__ import annotations

import asyncio
import json
import signal
from contextlib import AsyncExitStack

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.http11 import Response

from shared.errors import StoreUnavailable
from tests.fakes.clock import FrozenClock
from tests.fakes.counters import FakeConnectionCounter
from tests.fakes.messaging import FakeEventSubscription
from tests.stream_service.running_service import closed
from tests.stream_service.updates.open_door import OWN_PAGE, Tickets, open_door


async def refusal(opening: connect) -> Response:
    """The answer to a socket that is not opened."""
    with pytest.raises(InvalidStatus) as refused:
        await opening
    return refused.value.response


def code_of(response: Response) -> str:
    """The error's name in the envelope."""
    envelope = json.loads(response.body or b"")
    assert (envelope["status"], envelope["data"]) == ("error", None)
    assert envelope["error"]["request_id"]
    return str(envelope["error"]["code"])


@pytest.mark.requirement("13.3")
async def test_a_ticket_opens_one_socket_and_no_second_one() -> None:
    async with open_door() as door, door.connect(ticket="asha-7"):
        again = await refusal(door.connect(ticket="asha-7"))

    assert (again.status_code, code_of(again)) == (401, "unauthenticated")


@pytest.mark.requirement("13.3")
@pytest.mark.parametrize("ticket", ["", "forged"])
async def test_nobody_gets_in_without_a_ticket(ticket: str) -> None:
    async with open_door() as door:
        refused = await refusal(door.connect(ticket=ticket))

    assert (refused.status_code, code_of(refused)) == (401, "unauthenticated")


@pytest.mark.parametrize("since", ["yesterday", "1-", "-1", "1772443800000", "1-2-3", "%24", "9" * 30 + "-0"])
async def test_what_is_no_events_id_is_refused_and_the_ticket_stays_good(since: str) -> None:
    async with open_door() as door:
        refused = await refusal(door.connect(ticket="asha-1", since=since))
        async with door.connect(ticket="asha-1"):
            pass

    assert (refused.status_code, code_of(refused)) == (400, "invalid_request")


@pytest.mark.requirement("12.3")
async def test_the_fourth_socket_of_a_user_is_refused_until_one_of_the_three_is_closed() -> None:
    async with open_door() as door, AsyncExitStack() as readers:
        first, *_ = [await readers.enter_async_context(door.connect("asha")) for _ in range(3)]
        await readers.enter_async_context(door.connect("ravi"))

        refused = await refusal(door.connect("asha"))
        await first.close()
        await door.until_open(3)
        await readers.enter_async_context(door.connect("asha"))

    assert (refused.status_code, code_of(refused)) == (429, "rate_limited")
    assert int(refused.headers["retry-after"]) > 0


async def test_a_socket_that_breaks_off_gives_its_place_back() -> None:
    async with open_door() as door, AsyncExitStack() as readers:
        first, *_ = [await readers.enter_async_context(door.connect("asha")) for _ in range(3)]

        first.transport.abort()
        await door.until_open(2)

        await readers.enter_async_context(door.connect("asha"))


async def test_pages_of_our_own_may_ask_and_those_of_others_may_not() -> None:
    async with open_door() as door:
        refused = await refusal(door.connect(ticket="asha-1", origin="https://evil.example"))
        async with door.connect(ticket="asha-1", origin=OWN_PAGE):
            pass

    assert (refused.status_code, code_of(refused)) == (403, "forbidden")


async def test_without_the_store_of_tickets_nobody_is_let_in() -> None:
    tickets = Tickets()
    tickets.is_down = True

    async with open_door(tickets=tickets) as door:
        refused = await refusal(door.connect())

    assert (refused.status_code, code_of(refused)) == (503, "store_unavailable")
    assert int(refused.headers["retry-after"]) > 0


async def test_while_nothing_is_known_of_the_updates_the_ticket_stays_good() -> None:
    subscription = FakeEventSubscription()
    subscription.failures = [StoreUnavailable("down")]

    async with open_door(subscription) as door:
        refused = await refusal(door.connect(ticket="asha-1"))

        assert (refused.status_code, code_of(refused)) == (503, "store_unavailable")
        assert door.tickets.used == set()


async def test_a_failure_that_nobody_foresaw_is_answered_too() -> None:
    class Broken(FakeConnectionCounter):
        async def take(self, subject: str, slot: str, *, limit: int, ttl_seconds: int, holder: str = "") -> bool:
            raise RuntimeError

    async with open_door(slots=Broken(FrozenClock())) as door:
        refused = await refusal(door.connect())

    assert (refused.status_code, code_of(refused)) == (500, "internal_error")


async def test_a_service_that_stops_sends_its_readers_elsewhere_and_takes_no_new_ones() -> None:
    async with open_door() as door:
        async with door.connect() as reader, door.connect("ravi"):
            door.service.server.handle_exit(signal.SIGTERM, None)
            refused = await refusal(door.connect())
            code = await closed(reader)
        async with asyncio.timeout(10):
            while not await door.service.server.on_tick(1):
                await asyncio.sleep(0.01)

    assert (refused.status_code, code) == (503, 1012)
    assert int(refused.headers["retry-after"]) == 1


async def test_readers_leave_while_the_last_call_goes_on() -> None:
    async with open_door() as door, door.service.open("token-1") as call:
        async with door.connect() as reader:
            door.service.server.handle_exit(signal.SIGTERM, None)
            await closed(reader)

        assert door.service.live_calls.active == 1
        assert call.close_code is None
        assert not await door.service.server.on_tick(1)


@pytest.mark.parametrize(("query", "status"), [("", 401), ("?ticket=asha-1", 401)])
async def test_who_asks_for_no_socket_is_told_to(query: str, status: int) -> None:
    async with open_door() as door, httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://127.0.0.1:{door.service.port}/updates{query}")

    assert answer.status_code == status
    assert answer.json()["error"]["request_id"]


async def test_other_methods_are_told_which_one_is_allowed() -> None:
    async with open_door() as door, httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"http://127.0.0.1:{door.service.port}/updates")

    assert (answer.status_code, "GET" in answer.headers["allow"]) == (405, True)
    assert answer.json()["error"]["code"] == "method_not_allowed"
    assert answer.json()["error"]["request_id"]
