"""The door of the media stream, on a real socket."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.http11 import Response

from shared.domain.call import StreamTicket
from shared.errors import StoreUnavailable
from shared.ports.counters import FailedSource
from stream_service.media.transport import MediaTransport
from tests.fakes.clock import FrozenClock
from tests.fakes.counters import FakeBlocklist
from tests.stream_service.running_service import Service, closed, running, say


async def refused(service: Service, token: str, headers: dict[str, str] | None = None) -> Response:
    """The answer to a stream that is not let in."""
    url = f"ws://127.0.0.1:{service.port}/media/{token}"
    with pytest.raises(InvalidStatus) as refusal:
        await connect(url, additional_headers=headers or {"x-twilio-signature": "AAAA"}, proxy=None)
    return refusal.value.response


def code_of(answer: Response) -> str:
    return str(json.loads(answer.body or b"")["error"]["code"])


@pytest.mark.requirement("2.1")
async def test_twilio_with_a_fresh_token_is_let_in() -> None:
    async with running() as service, service.open("token-1") as stream:
        assert await say(stream, "//8=") == "//8="


@pytest.mark.parametrize("signature", ["", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "not-base64"])
async def test_an_unsigned_upgrade_gets_401_and_leaves_the_token_unused(signature: str) -> None:
    async with running() as service:
        with pytest.raises(InvalidStatus) as refused:
            await service.open("token-1", signature=signature)

        assert refused.value.response.status_code == 401
        assert json.loads(refused.value.response.body)["error"]["code"] == "signature_invalid"
        async with service.open("token-1") as stream:
            assert await say(stream, "//8=") == "//8="


@pytest.mark.requirement("6.5")
async def test_who_fails_to_sign_again_and_again_is_shut_out_whatever_the_token_and_told_for_how_long() -> None:
    async with running(tokens=("token-1",)) as service:
        refusals = [await refused(service, f"forged-{number}") for number in range(4)]

    assert [(answer.status_code, code_of(answer)) for answer in refusals] == [
        *[(401, "signature_invalid")] * 3,
        (403, "blocked"),
    ]
    assert refusals[-1].headers["retry-after"] == "900"


@pytest.mark.requirement("6.5")
async def test_a_signed_stream_is_let_in_from_a_source_that_is_shut_out() -> None:
    async with running() as service:
        for _ in range(4):
            await refused(service, "forged")
        async with service.open("token-1") as stream:
            assert await say(stream, "//8=") == "//8="


@pytest.mark.requirement("6.5")
async def test_the_source_is_what_the_load_balancer_appended_and_nobody_can_have_another_shut_out() -> None:
    forged = {"x-twilio-signature": "AAAA", "x-forwarded-for": "203.0.113.9, 198.51.100.1"}
    victims = {"x-twilio-signature": "AAAA", "x-forwarded-for": "203.0.113.9"}

    async with running() as service:
        attacks = [await refused(service, "forged", forged) for _ in range(4)]
        honest = await refused(service, "forged", victims)

    assert [answer.status_code for answer in attacks] == [401, 401, 401, 403]
    assert honest.status_code == 401


@pytest.mark.requirement("6.5")
async def test_without_the_block_list_a_forged_stream_stays_out_and_a_signed_one_comes_in() -> None:
    class Down(FakeBlocklist):
        async def record_failure(
            self, source: str, *, failures_before_block: int, window_seconds: int, block_seconds: int
        ) -> FailedSource:
            raise StoreUnavailable("down")

        async def forgive(self, source: str) -> None:
            raise StoreUnavailable("down")

    async with running(blocklist=Down(FrozenClock())) as service:
        answer = await refused(service, "forged")
        async with service.open("token-1") as stream:
            assert await say(stream, "//8=") == "//8="

    assert (answer.status_code, code_of(answer)) == (401, "signature_invalid")


async def test_forged_sockets_take_no_callers_place() -> None:
    class Slow(FakeBlocklist):
        async def record_failure(
            self, source: str, *, failures_before_block: int, window_seconds: int, block_seconds: int
        ) -> FailedSource:
            is_asked.set()
            await may_answer.wait()
            raise StoreUnavailable("down")

    is_asked, may_answer = asyncio.Event(), asyncio.Event()

    async with running(capacity=1, blocklist=Slow(FrozenClock())) as service:
        forging = asyncio.create_task(refused(service, "forged"))
        await is_asked.wait()
        async with service.open("token-1") as stream:
            assert await say(stream, "//8=") == "//8="
        may_answer.set()
        await forging


async def test_a_page_of_any_origin_gets_in_no_more_than_others_who_cannot_sign() -> None:
    async with running() as service:
        answer = await refused(service, "token-1", {"origin": "https://evil.example"})

    assert (answer.status_code, code_of(answer)) == (401, "signature_invalid")


async def test_plain_http_is_not_let_in_either_and_the_refusal_can_be_found_in_the_logs() -> None:
    async with running() as service, httpx.AsyncClient(trust_env=False) as client:
        headers = {"x-amzn-trace-id": "Root=1-67891233-abcdef012345678912345678"}
        answer = await client.get(f"http://127.0.0.1:{service.port}/media/token-1", headers=headers)

    assert answer.status_code == 401
    assert answer.json()["error"]["request_id"] == "1-67891233-abcdef012345678912345678"


async def test_a_token_opens_one_stream_only() -> None:
    async with running() as service:
        async with service.open("token-1") as stream:
            await say(stream, "//8=")
        with pytest.raises(InvalidStatus) as refused:
            await service.open("token-1")

    assert refused.value.response.status_code == 401


async def test_a_full_instance_says_so_before_the_upgrade_and_keeps_the_token() -> None:
    async with running(capacity=0) as service:
        with pytest.raises(InvalidStatus) as refused:
            await service.open("token-1")

        service.live_calls.capacity = 1
        async with service.open("token-1") as stream:
            assert await say(stream, "//8=") == "//8="

    assert refused.value.response.status_code == 503
    assert refused.value.response.headers["retry-after"] == "1"


async def test_a_closed_socket_counts_the_call_out() -> None:
    async with running() as service:
        async with service.open("token-1") as stream:
            await say(stream, "//8=")
            assert service.live_calls.active == 1
        await service.no_calls()

        assert service.live_calls.active == 0


async def test_a_caller_who_is_gone_before_the_answer_leaves_nothing_behind() -> None:
    async with running() as service:
        opening = asyncio.ensure_future(service.open("token-1").__aenter__())
        await asyncio.sleep(0)
        opening.cancel()
        await asyncio.wait({opening})
        await service.no_calls()

        assert service.live_calls.active == 0


async def test_a_failure_of_our_own_ends_the_call_and_counts_it_out() -> None:
    async def fail(_ticket: StreamTicket, _transport: MediaTransport) -> None:
        raise RuntimeError("a bug")

    async with running(serve=fail) as service, service.open("token-1") as stream:
        await closed(stream)
        await service.no_calls()

    assert stream.close_code == 1000
