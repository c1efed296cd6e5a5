"""A page of the console is a caller: the platform meets Twilio, the page a telephone."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import pytest
from starlette.websockets import WebSocket
from twilio.request_validator import RequestValidator
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from local.simulators import browser_phone
from tests.local.simulators.conftest import AUTH_TOKEN, FakePlatform, send_audio, send_clear, until

INCOMING = "/webhooks/voice/incoming"
STATUS = "/webhooks/voice/status"
CALLER = "+919900112233"
LOUD = b"\x00\x80" * 80
SILENT = b"\xff" * 160


class Page:
    """The page's side of one call: what it was told and what it heard."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.events: list[dict[str, Any]] = []
        self.frames: list[bytes] = []

    async def read(self) -> None:
        try:
            async for message in self.socket:
                if isinstance(message, bytes):
                    self.frames.append(message)
                else:
                    self.events.append(json.loads(message))
        except ConnectionClosed:
            return

    def told(self, event: str) -> list[dict[str, Any]]:
        return [each for each in self.events if each["event"] == event]

    async def until_told(self, event: str) -> dict[str, Any]:
        await until(lambda: bool(self.told(event)))
        return self.told(event)[0]

    async def send(self, **event: str) -> None:
        await self.socket.send(json.dumps(event))


@asynccontextmanager
async def call(simulator_url: str, *, caller: str = CALLER, origin: str | None = None) -> AsyncIterator[Page]:
    """A page that calls."""
    address = f"{simulator_url.replace('http', 'ws', 1)}/phone/socket?caller={quote(caller)}"
    async with connect(address, origin=None if origin is None else Origin(origin), proxy=None) as socket:
        page = Page(socket)
        reading = asyncio.create_task(page.read())
        try:
            yield page
        finally:
            await socket.close()
            await reading


def said(platform: FakePlatform) -> bytes:
    """The caller's audio as the platform got it."""
    media = [message["media"] for message in platform.received("media")]
    return b"".join(base64.b64decode(part["payload"]) for part in media if isinstance(part, dict))


async def test_call_is_announced_to_the_platform_as_twilio_does_it(platform: FakePlatform, simulator_url: str) -> None:
    platform.twiml[INCOMING] = platform.connect()

    async with call(simulator_url) as page:
        ringing = await page.until_told("ringing")
        await page.until_told("connected")

    webhook = platform.posts(INCOMING)[0]
    assert RequestValidator(AUTH_TOKEN).validate(webhook.url, webhook.form, webhook.headers["x-twilio-signature"])
    assert (webhook.form["From"], webhook.form["CallSid"]) == (CALLER, ringing["call_sid"])
    assert ringing["from"] == CALLER
    signature = platform.upgrade_headers["x-twilio-signature"]
    assert RequestValidator(AUTH_TOKEN).validate(platform.stream_url, {}, signature)


async def test_what_the_page_speaks_reaches_the_platform_unchanged(platform: FakePlatform, simulator_url: str) -> None:
    platform.twiml[INCOMING] = platform.connect()
    frames = [bytes([level]) * 160 for level in (0x00, 0x10, 0x20, 0x30, 0x40)]

    async with call(simulator_url) as page:
        await page.until_told("connected")
        for frame in frames:
            await page.socket.send(frame)
        await until(lambda: b"".join(frames) in said(platform))


async def test_platform_hears_silence_while_the_page_sends_nothing(platform: FakePlatform, simulator_url: str) -> None:
    platform.twiml[INCOMING] = platform.connect()

    async with call(simulator_url):
        await until(lambda: len(said(platform)) >= 10 * 160)

    assert set(said(platform)) == {0xFF}


async def test_page_hears_the_agent_in_frames_of_20_ms(platform: FakePlatform, simulator_url: str) -> None:
    speech = bytes(range(128)) * 20

    async def speak(socket: WebSocket, start: dict[str, object]) -> None:
        await send_audio(socket, start, speech)
        await asyncio.Event().wait()

    platform.twiml[INCOMING] = platform.connect()
    platform.talk = speak

    async with call(simulator_url) as page:
        await until(lambda: speech in b"".join(page.frames))

    assert {len(frame) for frame in page.frames} == {160}


async def test_what_was_cleared_is_never_heard(platform: FakePlatform, simulator_url: str) -> None:
    async def speak(socket: WebSocket, start: dict[str, object]) -> None:
        await send_audio(socket, start, LOUD * 500)
        await until(lambda: len(platform.received("media")) >= 10)
        await send_clear(socket, start)
        await send_audio(socket, start, b"\x42" * 1600)
        await asyncio.Event().wait()

    platform.twiml[INCOMING] = platform.connect()
    platform.talk = speak

    async with call(simulator_url) as page:
        await until(lambda: b"\x42" * 160 in b"".join(page.frames))

    assert b"".join(page.frames).count(0x00) < 200 * 80


async def test_keys_reach_the_platform(platform: FakePlatform, simulator_url: str) -> None:
    platform.twiml[INCOMING] = platform.connect()

    async with call(simulator_url) as page:
        await page.until_told("connected")
        await page.send(event="digit", digit="5")
        await until(lambda: bool(platform.received("dtmf")))

    assert platform.received("dtmf")[0]["dtmf"] == {"track": "inbound_track", "digit": "5"}


async def test_hanging_up_ends_the_call_with_its_callbacks(platform: FakePlatform, simulator_url: str) -> None:
    platform.twiml[INCOMING] = platform.connect()

    async with call(simulator_url) as page:
        await page.until_told("connected")
        await page.send(event="hang_up")
        ended = await page.until_told("ended")

    assert ended["reason"] == "caller_hung_up"
    assert platform.received("stop")
    assert [post.form["CallStatus"] for post in platform.posts(STATUS)] == ["completed"]


async def test_page_that_goes_away_has_hung_up(platform: FakePlatform, simulator_url: str) -> None:
    platform.twiml[INCOMING] = platform.connect()

    async with call(simulator_url) as page:
        await page.until_told("connected")

    await until(lambda: bool(platform.posts(STATUS)))
    assert platform.received("stop")


async def test_caller_can_give_up_while_it_rings(platform: FakePlatform, simulator_url: str) -> None:
    platform.twiml[INCOMING] = '<Response><Pause length="30"/></Response>'

    async with call(simulator_url) as page:
        await page.until_told("ringing")
        await page.send(event="hang_up")
        ended = await page.until_told("ended")

    assert ended["reason"] == "caller_hung_up"


async def test_announcement_is_told_and_the_platform_hangs_up(platform: FakePlatform, simulator_url: str) -> None:
    platform.twiml[INCOMING] = "<Response><Say>All lines are busy.</Say><Hangup/></Response>"

    async with call(simulator_url) as page:
        ended = await page.until_told("ended")

    assert page.told("announced")[0]["words"] == "All lines are busy."
    assert ended["reason"] == "platform_hung_up"


async def test_lost_task_leads_to_the_recovery_verb(platform: FakePlatform, simulator_url: str) -> None:
    async def die(socket: WebSocket, start: dict[str, object]) -> None:
        await socket.close(1011)

    platform.twiml[INCOMING] = platform.connect(after="<Redirect>/webhooks/voice/recover</Redirect>")
    platform.twiml["/webhooks/voice/recover"] = "<Response><Dial>+918012345678</Dial></Response>"
    platform.talk = die

    async with call(simulator_url) as page:
        await page.until_told("ended")

    assert [each["event"] for each in page.events] == [
        "ringing",
        "connected",
        "disconnected",
        "transferred",
        "ended",
    ]
    assert page.told("transferred")[0]["words"] == "+918012345678"


async def test_typed_words_are_spoken_by_the_machine(
    platform: FakePlatform, simulator_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.twiml[INCOMING] = platform.connect()
    asked: list[str] = []

    async def speak(self: object, text: str) -> bytes:
        asked.append(text)
        return LOUD * 5

    monkeypatch.setattr("local.simulators.typed_speech.TypedSpeech.__call__", speak)

    async with call(simulator_url) as page:
        await page.until_told("connected")
        await page.send(event="say", text="Book a visit")
        await until(lambda: LOUD * 5 in said(platform))

    assert asked == ["Book a visit"]


async def test_page_learns_that_nothing_can_be_spoken(platform: FakePlatform, simulator_url: str) -> None:
    platform.twiml[INCOMING] = platform.connect()

    async with call(simulator_url) as page:
        await page.until_told("connected")
        await page.send(event="say", text="Hello")
        told = await page.until_told("not_spoken")

    assert told["words"] == "no voice runs on this machine"


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
async def test_other_web_pages_are_refused(platform: FakePlatform, simulator_url: str, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with call(simulator_url, origin=origin):
            pass

    assert refused.value.response.status_code == 403
    assert platform.webhooks == []


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
async def test_console_is_welcome_under_both_names_of_this_machine(
    platform: FakePlatform, simulator_url: str, name: str
) -> None:
    port = platform.base_url.rpartition(":")[2]

    async with call(simulator_url, origin=f"http://{name}:{port}") as page:
        await page.until_told("ringing")


@pytest.mark.parametrize("caller", ["", "12345", "+0123456789", "+91 98450 12345", "+91984501234567890"])
async def test_caller_must_be_a_telephone_number(platform: FakePlatform, simulator_url: str, caller: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with call(simulator_url, caller=caller):
            pass

    assert refused.value.response.status_code == 400
    assert platform.webhooks == []


@pytest.mark.parametrize("message", [b"too short", b"\xff" * 161, "no json", '{"event": "dance"}', '{"digit": "A"}'])
async def test_nonsense_ends_the_call(platform: FakePlatform, simulator_url: str, message: str | bytes) -> None:
    platform.twiml[INCOMING] = platform.connect()

    async with call(simulator_url) as page:
        await page.until_told("connected")
        await page.socket.send(message)
        await page.socket.wait_closed()

    assert page.socket.close_code == 1007
    await until(lambda: bool(platform.posts(STATUS)))


async def test_too_many_calls_at_once_are_told_so(
    platform: FakePlatform, simulator_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_phone, "MOST_CALLS_AT_ONCE", 1)
    platform.twiml[INCOMING] = platform.connect()

    async with call(simulator_url) as first:
        await first.until_told("connected")
        async with call(simulator_url, caller="+919900112244") as second:
            ended = await second.until_told("ended")

    assert ended["reason"] == "too_many_calls"
