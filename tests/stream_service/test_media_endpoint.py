"""The door of the media stream, on a real socket."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from shared.domain.call import StreamTicket
from stream_service.media.transport import MediaTransport
from tests.stream_service.running_service import closed, running, say


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
