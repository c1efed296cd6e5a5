"""The stream service on a real port, with scripted calls behind the door."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from twilio.request_validator import RequestValidator
from websockets.asyncio.client import ClientConnection, connect

from shared.adapters.twilio.signature import TwilioSignature
from shared.domain.call import StreamTicket
from shared.ports.counters import Blocklist
from shared.use_cases.guard_source import BlockingRule, GuardSource
from stream_service.app import create_app
from stream_service.heartbeat import Heartbeat
from stream_service.live_calls import LiveCalls
from stream_service.media.protocol import Media, Stop, StreamEvent
from stream_service.media.transport import MediaTransport
from stream_service.media_endpoint import MediaEndpoint, ServeCall
from stream_service.server import DrainingServer, configure
from stream_service.updates.service import UpdatesService
from tests.fakes.clock import FrozenClock
from tests.fakes.counters import FakeBlocklist
from tests.fakes.live_tasks import FakeLiveTasks

AUTH_TOKEN = "test-auth-token"
PUBLIC_URL = "https://calls.example.in"
BLOCKING = BlockingRule(failures_before_block=3, failure_window_seconds=300, block_seconds=900)
TICKET = StreamTicket(call_sid="CA1", caller_id="919800000001", business_id="918000000000", slot="CA1")
START = json.dumps({"event": "start", "streamSid": "MZ1", "start": {"callSid": "CA1"}})


def media(payload: str = "//8=") -> str:
    """A message with audio."""
    return json.dumps({"event": "media", "streamSid": "MZ1", "media": {"payload": payload}})


class SingleUseTickets:
    """Knows some tokens, each once."""

    def __init__(self, *tokens: str) -> None:
        self._tickets = dict.fromkeys(tokens, TICKET)

    async def mint(self, ticket: StreamTicket, *, ttl_seconds: int) -> str:
        raise AssertionError("the stream service mints no tokens")

    async def redeem(self, token: str) -> StreamTicket | None:
        await asyncio.sleep(0)  # the real one asks Redis
        return self._tickets.pop(token, None)


class Echo:
    """A call that plays the caller's own voice back until the stream stops."""

    def __init__(self) -> None:
        self.were_cut: list[bool] = []
        self.transports: list[MediaTransport] = []

    async def __call__(self, _ticket: StreamTicket, transport: MediaTransport) -> None:
        self.transports.append(transport)

        def hear(event: StreamEvent) -> None:
            if isinstance(event, Media):
                transport.play(event.mulaw)
            elif isinstance(event, Stop):
                transport.close()

        await transport.run(hear)
        self.were_cut.append(transport.was_cut)


class Service:
    """A running stream service."""

    def __init__(self, server: DrainingServer, live_calls: LiveCalls) -> None:
        self.server = server
        self.live_calls = live_calls

    @property
    def port(self) -> int:
        return int(self.server.servers[0].sockets[0].getsockname()[1])

    @property
    def is_stopped(self) -> bool:
        return self.server.should_exit

    def open(self, token: str, *, signature: str | None = None) -> connect:
        """Open a stream as Twilio does."""
        headers = {"x-twilio-signature": signed(token) if signature is None else signature}
        return connect(f"ws://127.0.0.1:{self.port}/media/{token}", additional_headers=headers, proxy=None)

    async def no_calls(self) -> None:
        """Wait until the last call is over."""
        async with asyncio.timeout(10):
            while self.live_calls.active:
                await asyncio.sleep(0.005)


def signed(token: str) -> str:
    """Twilio's signature of a stream's address."""
    signature: str = RequestValidator(AUTH_TOKEN).compute_signature(f"wss://calls.example.in/media/{token}", {})
    return signature


@asynccontextmanager
async def running(
    *,
    capacity: int = 5,
    tokens: tuple[str, ...] = ("token-1",),
    serve: ServeCall | None = None,
    updates: Callable[[LiveCalls], UpdatesService] | None = None,
    blocklist: Blocklist | None = None,
) -> AsyncGenerator[Service, None]:
    """The service, ready to take calls; with what `updates` gives it, it serves updates sockets too."""
    live_calls = LiveCalls(capacity)
    signature = TwilioSignature(auth_tokens=[lambda: AUTH_TOKEN], public_base_url=PUBLIC_URL)

    async def warm_up() -> None:
        """Nothing to load."""

    guard = GuardSource(blocklist or FakeBlocklist(FrozenClock()), BLOCKING)
    endpoint = MediaEndpoint(signature, guard, SingleUseTickets(*tokens), live_calls, serve or Echo())
    app = create_app(
        endpoint,
        live_calls,
        Heartbeat(live_calls, FakeLiveTasks(FrozenClock())),
        warm_up,
        updates=None if updates is None else updates(live_calls),
    )
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
    await stream.send(START)
    await stream.send(media(payload))
    return await hear(stream)


async def hear(stream: ClientConnection) -> str:
    """The audio that comes next."""
    async with asyncio.timeout(5):
        answer: str = json.loads(await stream.recv())["media"]["payload"]
    return answer


async def closed(stream: ClientConnection) -> int | None:
    """Wait until the server has ended the stream; the code that it gave."""
    async with asyncio.timeout(10):
        await stream.wait_closed()
    return stream.close_code
