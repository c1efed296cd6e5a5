"""The door of the media stream, on a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest
from twilio.request_validator import RequestValidator
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from shared.adapters.twilio.signature import TwilioSignature
from shared.domain.call import StreamTicket
from stream_service.app import create_app
from stream_service.heartbeat import Heartbeat
from stream_service.live_calls import LiveCalls
from stream_service.media.protocol import Media, Stop, StreamEvent
from stream_service.media.transport import MediaTransport
from stream_service.media_endpoint import MediaEndpoint, ServeCall
from stream_service.server import DrainingServer, configure
from tests.fakes.clock import FrozenClock
from tests.fakes.live_tasks import FakeLiveTasks

AUTH_TOKEN = "test-auth-token"
PUBLIC_URL = "https://calls.example.in"
TICKET = StreamTicket(call_sid="CA1", caller_id="919800000001", business_id="918000000000", slot="CA1")


class OneTicket:
    """Knows one token, once."""

    def __init__(self, token: str) -> None:
        self._tickets = {token: TICKET}

    async def mint(self, ticket: StreamTicket, *, ttl_seconds: int) -> str:
        raise AssertionError("the stream service mints no tokens")

    async def redeem(self, token: str) -> StreamTicket | None:
        return self._tickets.pop(token, None)


async def echo(_ticket: StreamTicket, transport: MediaTransport) -> None:
    """Play the caller's own voice back until the stream stops."""

    def hear(event: StreamEvent) -> None:
        if isinstance(event, Media):
            transport.play(event.mulaw)
        elif isinstance(event, Stop):
            transport.close()

    await transport.run(hear)


class Service:
    """A running stream service."""

    def __init__(self, server: DrainingServer, live_calls: LiveCalls) -> None:
        self.server = server
        self.live_calls = live_calls

    @property
    def port(self) -> int:
        return int(self.server.servers[0].sockets[0].getsockname()[1])

    def open(self, token: str, *, signature: str | None = None) -> connect:
        """Open a stream as Twilio does."""
        signed = RequestValidator(AUTH_TOKEN).compute_signature(f"wss://calls.example.in/media/{token}", {})
        headers = {"x-twilio-signature": signed if signature is None else signature}
        return connect(f"ws://127.0.0.1:{self.port}/media/{token}", additional_headers=headers)


@asynccontextmanager
async def running(
    *, capacity: int = 5, token: str = "token-1", serve: ServeCall = echo
) -> AsyncGenerator[Service, None]:
    live_calls = LiveCalls(capacity)
    signature = TwilioSignature(auth_token=AUTH_TOKEN, public_base_url=PUBLIC_URL)

    async def warm_up() -> None:
        """Nothing to load."""

    media = MediaEndpoint(signature, OneTicket(token), live_calls, serve)
    app = create_app(media, live_calls, Heartbeat(live_calls, FakeLiveTasks(FrozenClock())), warm_up)
    server = DrainingServer(configure(app, host="127.0.0.1", port=0), live_calls)
    serving = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield Service(server, live_calls)
    finally:
        server.should_exit = True
        await serving


async def say(stream: ClientConnection, payload: str) -> str:
    """Send a frame; what comes back."""
    await stream.send(json.dumps({"event": "start", "streamSid": "MZ1", "start": {"callSid": "CA1"}}))
    await stream.send(json.dumps({"event": "media", "streamSid": "MZ1", "media": {"payload": payload}}))
    async with asyncio.timeout(5):
        answer: str = json.loads(await stream.recv())["media"]["payload"]
    return answer


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


async def test_a_draining_server_finishes_its_call_and_then_stops() -> None:
    async with running() as service:
        async with service.open("token-1") as stream:
            await say(stream, "//8=")
            service.server.handle_exit(15, None)
            with pytest.raises(InvalidStatus) as refused:
                await service.open("another")
            assert refused.value.response.status_code == 503
            assert not service.server.should_exit
            assert await say(stream, "//4=") == "//4="
        while service.live_calls.active:
            await asyncio.sleep(0.005)

        assert await service.server.on_tick(1)


async def test_a_closed_socket_counts_the_call_out() -> None:
    async with running() as service:
        async with service.open("token-1") as stream:
            await say(stream, "//8=")
            assert service.live_calls.active == 1
        while service.live_calls.active:
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(("is_orderly", "was_cut"), [(True, False), (False, True)])
async def test_a_lost_connection_is_told_from_a_goodbye(*, is_orderly: bool, was_cut: bool) -> None:
    seen: list[bool] = []

    async def listen(_ticket: StreamTicket, transport: MediaTransport) -> None:
        await transport.run(lambda _event: None)
        seen.append(transport.was_cut)

    async with running(serve=listen) as service, service.open("token-1") as stream:
        if is_orderly:
            await stream.close()
        else:
            stream.transport.abort()
        while not seen:
            await asyncio.sleep(0.005)

    assert seen == [was_cut]
