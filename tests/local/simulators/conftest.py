"""A small platform of the tests' own, on a real port: the simulators are tested against it, not against themselves."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect

from local.simulators.app import create_app
from local.simulators.phone_line import PhoneLine
from local.simulators.settings import SimulatorSettings, StatusTiming
from local.simulators.whatsapp_user import TwilioWhatsAppUser, WhatsAppNumber, WhatsAppUser

AUTH_TOKEN = "an auth token of the tests"
ACCOUNT_SID = "AC" + "1" * 32
APP_SECRET = "an app secret of the tests"
ACCESS_TOKEN = "an access token of the tests"
MESSAGES = "/v23.0/100000000000001/messages"
TWILIO_MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
META_WEBHOOK = "/webhooks/messages/whatsapp"
QUICK = StatusTiming(sent_seconds=0.01, delivered_seconds=0.02, read_seconds=0.03, retry_seconds=(0.01, 0.01))


class _QuietServer(uvicorn.Server):
    """Leaves the signals to pytest, stops at once, and waits for no connection."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stopping = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        await self.stopping.wait()


@asynccontextmanager
async def serve(app: ASGIApp) -> AsyncIterator[str]:
    """Run an application on a free port of this machine; yields its base URL."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_level="error", lifespan="auto", timeout_graceful_shutdown=2
    )
    server = _QuietServer(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.force_exit = True
        server.stopping.set()
        await task


@dataclass
class WebhookCall:
    """One webhook the platform received."""

    path: str
    form: dict[str, str]
    headers: dict[str, str]
    url: str


Talk = Callable[[WebSocket, dict[str, object]], Awaitable[None]]


@dataclass
class FakePlatform:
    """Answers webhooks with scripted TwiML and runs `talk` on every stream."""

    base_url: str = ""
    webhooks: list[WebhookCall] = field(default_factory=list)
    bodies: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)
    twiml: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, list[int]] = field(default_factory=dict)
    messages: list[dict[str, object]] = field(default_factory=list)
    upgrade_headers: dict[str, str] = field(default_factory=dict)
    talk: Talk | None = None
    denial_status: int | None = None

    @property
    def line(self) -> PhoneLine:
        return PhoneLine(base_url=self.base_url, auth_token=AUTH_TOKEN)

    @property
    def stream_url(self) -> str:
        return self.base_url.replace("http", "ws", 1) + "/media/token-1"

    def connect(self, after: str = "", action: str = "") -> str:
        attribute = f' action="{action}"' if action else ""
        return (
            f"<Response><Connect{attribute}>"
            f'<Stream url="{self.stream_url}" statusCallback="/webhooks/voice/stream-status">'
            f'<Parameter name="language" value="en-IN"/></Stream></Connect>{after}</Response>'
        )

    def received(self, event: str) -> list[dict[str, object]]:
        return [message for message in self.messages if message["event"] == event]

    def posts(self, path: str) -> list[WebhookCall]:
        return [webhook for webhook in self.webhooks if webhook.path == path]

    async def webhook(self, request: Request) -> Response:
        body = await request.body()
        path = request.url.path
        self.bodies.append((path, body, dict(request.headers)))
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            form = dict(parse_qsl(body.decode(), keep_blank_values=True))
            self.webhooks.append(
                WebhookCall(path=path, form=form, headers=dict(request.headers), url=self.base_url + path)
            )
        scripted = self.statuses.get(path)
        status = scripted.pop(0) if scripted else 200
        return Response(self.twiml.get(path, ""), status_code=status, media_type="text/xml")

    async def media(self, socket: WebSocket) -> None:
        self.upgrade_headers = dict(socket.headers)
        if self.denial_status is not None:
            await socket.send_denial_response(Response(status_code=self.denial_status))
            return
        await socket.accept()
        await socket.receive_json()
        start = await socket.receive_json()
        self.messages.append(start)
        reader = asyncio.create_task(self._read(socket))
        try:
            if self.talk is None:
                await reader
                return
            talker = asyncio.create_task(self.talk(socket, start))
            await asyncio.wait({reader, talker}, return_when=asyncio.FIRST_COMPLETED)
            if not reader.done():
                await socket.close()
            talker.cancel()
        finally:
            reader.cancel()

    async def _read(self, socket: WebSocket) -> None:
        try:
            while True:
                self.messages.append(await socket.receive_json())
        except WebSocketDisconnect:
            return


async def send_audio(socket: WebSocket, start: dict[str, object], mulaw: bytes) -> None:
    """Send audio as a platform does."""
    payload = base64.b64encode(mulaw).decode()
    message = {"event": "media", "streamSid": start["streamSid"], "media": {"payload": payload}}
    await socket.send_text(json.dumps(message))


async def send_mark(socket: WebSocket, start: dict[str, object], name: str) -> None:
    """Ask for an echo."""
    await socket.send_text(json.dumps({"event": "mark", "streamSid": start["streamSid"], "mark": {"name": name}}))


async def send_clear(socket: WebSocket, start: dict[str, object]) -> None:
    """Cut what is queued."""
    await socket.send_text(json.dumps({"event": "clear", "streamSid": start["streamSid"]}))


async def until(is_so: Callable[[], bool], *, seconds: float = 5) -> None:
    """Wait for something that another task does."""
    async with asyncio.timeout(seconds):
        while not is_so():
            await asyncio.sleep(0.005)


@pytest.fixture
async def platform() -> AsyncIterator[FakePlatform]:
    """A platform that answers every webhook with nothing until told otherwise."""
    fake = FakePlatform()
    routes = [
        Route("/{rest:path}", fake.webhook, methods=["POST"]),
        WebSocketRoute("/media/{token}", fake.media),
    ]
    async with serve(Starlette(routes=routes)) as base_url:
        fake.base_url = base_url
        yield fake


@pytest.fixture
async def simulator_url(platform: FakePlatform) -> AsyncIterator[str]:
    """The simulators, telling the fake platform about statuses within milliseconds."""
    settings = SimulatorSettings(
        base_url=platform.base_url,
        simulator_url="http://simulator.test",
        twilio_account_sid=ACCOUNT_SID,
        twilio_auth_token=AUTH_TOKEN,
        whatsapp_access_token=ACCESS_TOKEN,
        whatsapp_app_secret=APP_SECRET,
        whatsapp_phone_number_id="100000000000001",
        timing=QUICK,
        kept_requests=3,
    )
    async with serve(create_app(settings)) as url:
        yield url


@pytest.fixture
async def graph(simulator_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """The platform as a client of the Graph API."""
    headers = {"Authorization": f"Bearer {ACCESS_TOKEN}"}
    async with httpx.AsyncClient(base_url=simulator_url, headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
async def twilio(simulator_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """The platform as a client of Twilio."""
    async with httpx.AsyncClient(base_url=simulator_url, auth=(ACCOUNT_SID, AUTH_TOKEN), trust_env=False) as client:
        yield client


@pytest.fixture
async def whatsapp_user(platform: FakePlatform, simulator_url: str) -> AsyncIterator[WhatsAppUser]:
    """Somebody who writes by way of Meta."""
    number = WhatsAppNumber(
        base_url=platform.base_url,
        simulator_url=simulator_url,
        app_secret=APP_SECRET,
        phone_number_id="100000000000001",
    )
    async with WhatsAppUser(number) as user:
        yield user


@pytest.fixture
async def twilio_user(platform: FakePlatform, simulator_url: str) -> AsyncIterator[TwilioWhatsAppUser]:
    """Somebody who writes by way of Twilio."""
    async with TwilioWhatsAppUser(
        base_url=platform.base_url, simulator_url=simulator_url, account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN
    ) as user:
        yield user
