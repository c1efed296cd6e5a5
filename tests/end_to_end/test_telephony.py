"""What happens to calls outside their media streams: limits, persons, machines."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from twilio.request_validator import RequestValidator
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from local.simulators.called_person import Person
from local.simulators.phone import Opening, PhoneCall
from local.simulators.phone_line import CallIdentity
from local.simulators.twiml_runner import CallEnd
from tests.end_to_end.platform import Platform, eventually

pytestmark = pytest.mark.integration
UPGRADES = 50


async def post(platform: Platform, topic: str, form: dict[str, str]) -> str:
    """A signed webhook of Twilio; the body of its answer."""
    facts = platform.facts
    url = f"{facts['base_url']}/webhooks/voice/{topic}"
    signature = RequestValidator(facts["twilio_auth_token"]).compute_signature(url, form)
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        answer = await client.post(url, data=form, headers={"x-twilio-signature": signature})
    assert answer.is_success, answer.text
    return answer.text


async def open_stream(platform: Platform, url: str) -> ClientConnection | int:
    """The open socket, or the status of the refusal."""
    signature = RequestValidator(platform.facts["twilio_auth_token"]).compute_signature(url, {})
    plain = url.replace("wss://", "ws://")  # There is no TLS on this machine.
    try:
        return await connect(
            plain, additional_headers={"x-twilio-signature": signature}, proxy=None, open_timeout=30, ping_interval=None
        )
    except InvalidStatus as refusal:
        return refusal.response.status_code


@pytest.mark.requirement("12.3")
async def test_of_fifty_calls_and_fifty_sockets_of_one_user_at_once_three_live(scripted_platform: Platform) -> None:
    user = "+919800000801"
    sids = [f"CA801{number:029}" for number in range(UPGRADES)]
    forms = [
        {"CallSid": sid, "From": user, "To": "+918047112233", "Direction": "inbound", "CallStatus": "ringing"}
        for sid in sids
    ]

    answers = await asyncio.gather(*(post(scripted_platform, "incoming", form) for form in forms))
    urls = [answer.split('url="')[1].split('"')[0] for answer in answers if "<Stream " in answer]
    attempts = [urls[number % len(urls)] for number in range(UPGRADES)]
    sockets = await asyncio.gather(*(open_stream(scripted_platform, url) for url in attempts))

    live = [socket for socket in sockets if isinstance(socket, ClientConnection)]
    assert (len(urls), len(live)) == (3, 3)
    assert [socket for socket in sockets if socket not in live] == [401] * (UPGRADES - 3)
    assert all("<Say" in answer and "<Hangup" in answer for answer in answers if "<Stream " not in answer)
    await asyncio.gather(*(socket.close() for socket in live))
    for form in forms:
        await post(scripted_platform, "status", {**form, "CallStatus": "completed"})
    later = {**forms[0], "CallSid": "CA801" + "9" * 29}
    assert "<Stream " in await post(scripted_platform, "incoming", later)
    await post(scripted_platform, "status", {**later, "CallStatus": "completed"})


async def handed_over_call(platform: Platform, caller: str) -> CallIdentity:
    """A caller on the line whose stream has ended and whom a person of the team wants to speak with."""
    line = platform.stack().phone_line
    opening = Opening(url=line.incoming_url, status_callback=None)
    async with PhoneCall(line, caller=caller, opening=opening) as call:
        await call.listen_until_silence()
    user_id = caller.removeprefix("+")

    async def closed() -> Any:
        response = await platform.get(f"/api/v1/calls/{call.call_sid}")
        return response.json()["data"] if response.json()["data"]["ended_at"] else None

    conversation_id = (await eventually(closed))["conversation_id"]
    facts = platform.facts
    headers = {"authorization": f"Bearer {facts['admin_token']}"}
    async with httpx.AsyncClient(base_url=facts["base_url"], trust_env=False) as client:
        taken = await client.post(f"/api/v1/conversations/{conversation_id}/takeover", headers=headers)
    assert taken.json()["data"]["user_id"] == user_id
    return call.identity


def at_the_recovery_webhook(platform: Platform, identity: CallIdentity, person: Person) -> PhoneCall:
    """The same call, at the moment at which Twilio asks what to do after the stream."""
    line = platform.stack().phone_line
    opening = Opening(
        url=f"{line.base_url}/webhooks/voice/recover", status_callback=line.status_url, first_status="in-progress"
    )
    return PhoneCall(line, identity=identity, opening=opening, person=person)


async def test_a_person_who_takes_the_call_was_told_who_calls(scripted_platform: Platform) -> None:
    identity = await handed_over_call(scripted_platform, "+919800000802")

    async with at_the_recovery_webhook(scripted_platform, identity, Person.TAKES_THE_CALL) as call:
        end = await call.wait_until_over()

    assert call.calling.transferred_to == "+912240000001"
    assert "9 1 9 8 0 0 0 0 0 8 0 2" in call.calling.person.heard[0]
    assert end is CallEnd.PLATFORM_HUNG_UP
    assert call.calling.streams == []


@pytest.mark.parametrize(
    ("person", "caller"), [(Person.DOES_NOT_ANSWER, "+919800000803"), (Person.IS_A_MAILBOX, "+919800000804")]
)
async def test_a_caller_for_whom_nobody_comes_is_with_the_agent_again(
    scripted_platform: Platform, person: Person, caller: str
) -> None:
    identity = await handed_over_call(scripted_platform, caller)

    async with at_the_recovery_webhook(scripted_platform, identity, person) as call:
        await call.listen_until_silence()

    async def ended() -> Any:
        record = await scripted_platform.data(f"/api/v1/calls/{call.call_sid}")
        return record if record["ended_at"] else None

    record = await eventually(ended)
    assert any("call you back" in turn["text"] for turn in record["transcript"])
    conversation = await scripted_platform.data(f"/api/v1/conversations/{record['conversation_id']}")
    assert conversation["status"] == "open"


async def ring(platform: Platform, user_id: str, **more: str) -> str:
    """Have the platform place a call; its sid."""
    facts = platform.facts
    headers = {"authorization": f"Bearer {facts['admin_token']}", "idempotency-key": f"call-{user_id}"}
    body = {"user_id": user_id, "business_id": "918000000000", **more}
    async with httpx.AsyncClient(base_url=facts["base_url"], trust_env=False, timeout=30) as client:
        answer = await client.post("/api/v1/outbound-calls", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["call_sid"])


async def updates_of(platform: Platform, call_sid: str) -> list[dict[str, str]]:
    """What the provider was asked to do with a call, once it was asked; the end is on record a moment before."""

    async def look() -> list[dict[str, str]] | None:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            sent = (await client.get(f"{platform.facts['simulator_url']}/sent")).json()
        return [request["body"] for request in sent if request["path"].endswith(f"/Calls/{call_sid}.json")] or None

    return await eventually(look)


@pytest.mark.parametrize(
    ("callee", "user_id", "message", "reason"),
    [
        ("machine_start", "919800000805", "Please call the clinic back.", "voicemail"),
        ("machine_start", "919800000806", "", "voicemail"),
        ("fax", "919800000807", "Please call the clinic back.", "fax"),
    ],
)
async def test_a_machine_that_takes_a_call_of_ours_is_left_a_message_or_hung_up_on(
    scripted_platform: Platform, callee: str, user_id: str, message: str, reason: str
) -> None:
    simulator_url = scripted_platform.facts["simulator_url"]
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        await client.put(f"{simulator_url}/callee", content=callee)
        try:
            more = {"voicemail_message": message} if message else {}
            call_sid = await ring(scripted_platform, user_id, **more)

            async def ended() -> Any:
                record = await scripted_platform.data(f"/api/v1/calls/{call_sid}")
                return record if record["ended_at"] else None

            record = await eventually(ended)
        finally:
            await client.put(f"{simulator_url}/callee", content="human")

    (update,) = await updates_of(scripted_platform, call_sid)
    assert record["end_reason"] == reason
    if message and callee != "fax":
        assert message in update["Twiml"]
    else:
        assert update == {"Status": "completed"}
