"""A simulated caller behaves towards a platform as Twilio does."""

from __future__ import annotations

import asyncio
import base64

import pytest
from starlette.websockets import WebSocket
from twilio.request_validator import RequestValidator

from local.simulators.phone import CallFailed, PhoneCall
from local.simulators.twiml_runner import CallEnd
from tests.local.simulators.conftest import (
    AUTH_TOKEN,
    FakePlatform,
    send_audio,
    send_clear,
    send_mark,
    until,
)

TONE_20_MS = b"\x00\x80" * 80
INCOMING = "/webhooks/voice/incoming"


def tone(ms: int) -> bytes:
    """Loud mu-law of that length."""
    return (TONE_20_MS * (ms // 20 + 1))[: ms * 8]


async def listen_for_ever(socket: WebSocket, start: dict[str, object]) -> None:
    """A platform that says nothing."""
    await asyncio.Event().wait()


@pytest.mark.requirement("17.3")
async def test_incoming_webhook_is_signed_and_complete(platform: FakePlatform) -> None:
    async with PhoneCall(platform.line, caller="+919900112233") as call:
        pass

    webhook = platform.posts(INCOMING)[0]
    assert RequestValidator(AUTH_TOKEN).validate(webhook.url, webhook.form, webhook.headers["x-twilio-signature"])
    assert webhook.form["From"] == "+919900112233"
    assert webhook.form["CallSid"] == call.call_sid
    assert webhook.form["CallStatus"] == "ringing"
    assert webhook.form["CalledCity"] == ""


async def test_stream_upgrade_is_signed_over_the_address_in_the_twiml(platform: FakePlatform) -> None:
    platform.twiml[INCOMING] = platform.connect()

    async with PhoneCall(platform.line):
        await until(lambda: bool(platform.upgrade_headers))

    signature = platform.upgrade_headers["x-twilio-signature"]
    assert RequestValidator(AUTH_TOKEN).validate(platform.stream_url, {}, signature)


async def test_stream_begins_as_twilio_begins_it(platform: FakePlatform) -> None:
    platform.twiml[INCOMING] = platform.connect()

    async with PhoneCall(platform.line) as call:
        await until(lambda: len(platform.received("media")) >= 3)

    start = platform.received("start")[0]
    details = start["start"]
    assert isinstance(details, dict)
    assert start["sequenceNumber"] == "1"
    assert details["callSid"] == call.call_sid
    assert details["customParameters"] == {"language": "en-IN"}
    media = [message["media"] for message in platform.received("media")[:3]]
    assert [(part["chunk"], part["timestamp"]) for part in media if isinstance(part, dict)] == [
        ("1", "0"),
        ("2", "20"),
        ("3", "40"),
    ]


async def test_speech_arrives_unchanged_between_silence(platform: FakePlatform) -> None:
    platform.twiml[INCOMING] = platform.connect()
    speech = tone(100)

    async with PhoneCall(platform.line) as call:
        spoken = await call.say(speech)
        await until(lambda: len(platform.received("media")) * 20 > spoken.end_ms)

    frames = [part["payload"] for message in platform.received("media") if isinstance(part := message["media"], dict)]
    received = b"".join(base64.b64decode(payload) for payload in frames)
    assert received.strip(b"\xff") == speech.strip(b"\xff")
    assert received in bytes(call.tape.said)


async def test_frames_keep_real_time_without_drift(platform: FakePlatform) -> None:
    platform.twiml[INCOMING] = platform.connect()

    async with PhoneCall(platform.line) as call:
        began = asyncio.get_running_loop().time()
        await call.say(tone(600))
        elapsed_ms = (asyncio.get_running_loop().time() - began) * 1000

    # A caller who was held up before catches up now.
    assert 560 - call.largest_lag_ms <= elapsed_ms <= 620 + call.largest_lag_ms + 60


async def test_mark_is_echoed_after_its_audio_was_played(platform: FakePlatform) -> None:
    echoed_after_ms: list[float] = []

    async def speak(socket: WebSocket, start: dict[str, object]) -> None:
        began = asyncio.get_running_loop().time()
        await send_audio(socket, start, tone(200))
        await send_mark(socket, start, "reply-1")
        await until(lambda: bool(platform.received("mark")))
        echoed_after_ms.append((asyncio.get_running_loop().time() - began) * 1000)

    platform.twiml[INCOMING] = platform.connect()
    platform.talk = speak

    async with PhoneCall(platform.line) as call:
        await call.wait_until_over()

    assert platform.received("mark")[0]["mark"] == {"name": "reply-1"}
    assert echoed_after_ms[0] >= 195


async def test_clear_stops_what_is_heard_and_echoes_pending_marks_at_once(platform: FakePlatform) -> None:
    async def speak(socket: WebSocket, start: dict[str, object]) -> None:
        await send_audio(socket, start, tone(5000))
        await send_mark(socket, start, "never-heard")
        await until(lambda: len(platform.received("media")) >= 10)
        await send_clear(socket, start)
        await until(lambda: bool(platform.received("mark")))

    platform.twiml[INCOMING] = platform.connect()
    platform.talk = speak

    async with PhoneCall(platform.line) as call:
        await call.say(tone(100))
        await call.wait_until_over()

    clear = call.clears[0]
    heard = call.tape.heard_between(0)
    assert heard is not None
    assert heard.end_ms - heard.start_ms < 1000
    assert clear.dropped_ms > 4000
    assert clear.since_speech_ms is not None
    assert 0 < clear.since_speech_ms < 1000


async def test_response_time_counts_from_last_spoken_to_first_audible_sample(platform: FakePlatform) -> None:
    async def answer(socket: WebSocket, start: dict[str, object]) -> None:
        await until(lambda: any(is_loud(message) for message in platform.received("media")))
        await until(lambda: not is_loud(platform.received("media")[-1]))
        await send_audio(socket, start, b"\xff" * 800 + tone(200))
        await asyncio.Event().wait()

    platform.twiml[INCOMING] = platform.connect()
    platform.talk = answer

    async with PhoneCall(platform.line) as call:
        await call.say(tone(200))
        heard = await call.listen_until_silence(quiet_ms=100)

    assert 100 <= call.response_ms(heard) <= 250 + call.largest_lag_ms
    assert abs((heard.end_ms - heard.start_ms) - 200) <= 1


def is_loud(message: dict[str, object]) -> bool:
    """The frame holds more than silence."""
    media = message["media"]
    return isinstance(media, dict) and set(base64.b64decode(media["payload"])) != {0xFF}


async def test_refused_upgrade_leads_to_the_verb_after_connect(platform: FakePlatform) -> None:
    platform.denial_status = 401
    platform.twiml[INCOMING] = platform.connect(after="<Say>Please call again.</Say>")

    async with PhoneCall(platform.line) as call:
        end = await call.wait_until_over()

    events = [webhook.form for webhook in platform.posts("/webhooks/voice/stream-status")]
    assert end is CallEnd.INSTRUCTIONS_ENDED
    assert call.calling.refusals[0].status == 401
    assert call.calling.announcements == ["Please call again."]
    assert [(event["StreamEvent"], event["StreamError"]) for event in events] == [("stream-error", "31920")]


async def test_a_closed_stream_leads_to_the_action_address(platform: FakePlatform) -> None:
    async def close(socket: WebSocket, start: dict[str, object]) -> None:
        return

    platform.talk = close
    platform.twiml[INCOMING] = platform.connect(after="<Say>not reached</Say>", action="/webhooks/voice/recover")
    platform.twiml["/webhooks/voice/recover"] = "<Response><Hangup/></Response>"

    async with PhoneCall(platform.line) as call:
        end = await call.wait_until_over()

    assert end is CallEnd.PLATFORM_HUNG_UP
    assert call.calling.announcements == []
    assert len(platform.posts("/webhooks/voice/recover")) == 1


async def test_hanging_up_stops_the_stream_and_reports_the_completed_call(platform: FakePlatform) -> None:
    platform.twiml[INCOMING] = platform.connect(after="<Redirect>/webhooks/voice/recover</Redirect>")

    async with PhoneCall(platform.line) as call:
        end = await call.hang_up()

    await until(lambda: bool(platform.received("stop")))
    stream_events = [webhook.form["StreamEvent"] for webhook in platform.posts("/webhooks/voice/stream-status")]
    status = platform.posts("/webhooks/voice/status")[0].form
    assert end is CallEnd.CALLER_HUNG_UP
    assert sorted(stream_events) == ["stream-started", "stream-stopped"]
    assert (status["CallStatus"], status["CallSid"]) == ("completed", call.call_sid)
    assert platform.posts("/webhooks/voice/recover") == []


async def test_failed_webhook_ends_the_call_with_its_reason(platform: FakePlatform) -> None:
    platform.statuses[INCOMING] = [403]

    async with PhoneCall(platform.line) as call:
        with pytest.raises(CallFailed, match="403"):
            await call.say(tone(100))

    assert await call.wait_until_over() is CallEnd.WEBHOOK_FAILED


async def test_what_twilio_would_report_as_an_error_is_noted(platform: FakePlatform) -> None:
    async def misbehave(socket: WebSocket, start: dict[str, object]) -> None:
        await socket.send_json({"event": "media", "media": {"payload": "AAAA"}})
        await socket.send_json({"event": "dance", "streamSid": start["streamSid"]})
        await until(lambda: len(platform.received("media")) >= 3)

    platform.talk = misbehave
    platform.twiml[INCOMING] = platform.connect()

    async with PhoneCall(platform.line) as call:
        await call.wait_until_over()

    assert len(call.protocol_errors) == 2
