"""The simulated providers answer as the real ones do, remember what they were sent, and tell what became of it."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from twilio.request_validator import RequestValidator

from local.simulators import outbound_calls
from local.simulators.phone import PhoneCall
from local.simulators.phone_line import PhoneLine
from local.simulators.signatures import sign_meta
from local.simulators.twiml_runner import CallEnd
from local.simulators.whatsapp_user import MessageRefused, NoReply, TwilioWhatsAppUser, WhatsAppNumber, WhatsAppUser
from tests.local.simulators.conftest import (
    ACCOUNT_SID,
    APP_SECRET,
    AUTH_TOKEN,
    MESSAGES,
    META_WEBHOOK,
    TWILIO_MESSAGES,
    FakePlatform,
    until,
)


def text_to(number: str, text: str = "Hello", **more: object) -> dict[str, object]:
    """An outgoing text as the Graph API takes it."""
    return {"messaging_product": "whatsapp", "to": number, "type": "text", "text": {"body": text}, **more}


def statuses(platform: FakePlatform) -> list[dict[str, Any]]:
    """The statuses that reached the platform."""
    bodies = [json.loads(body) for path, body, _ in platform.bodies if path == META_WEBHOOK]
    return [body["entry"][0]["changes"][0]["value"]["statuses"][0] for body in bodies]


async def test_accepted_message_gets_an_id_and_is_listed(graph: httpx.AsyncClient) -> None:
    answer = await graph.post(MESSAGES, json=text_to("919845012345"))

    sent = (await graph.get("/sent")).json()
    assert answer.status_code == 200
    assert answer.json()["contacts"] == [{"input": "919845012345", "wa_id": "919845012345"}]
    assert answer.json()["messages"][0]["id"].startswith("wamid.")
    assert [(entry["provider"], entry["method"], entry["path"]) for entry in sent] == [("whatsapp", "POST", MESSAGES)]
    assert sent[0]["body"]["text"] == {"body": "Hello"}
    assert sent[0]["provider_id"] == answer.json()["messages"][0]["id"]


async def test_wrong_bearer_is_refused_with_metas_code(graph: httpx.AsyncClient) -> None:
    answer = await graph.post(MESSAGES, json=text_to("919845012345"), headers={"Authorization": "Bearer wrong"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (401, 190)


@pytest.mark.parametrize(
    "message",
    [
        {"to": "919845012345", "type": "text", "text": {"body": "no product"}},
        {"messaging_product": "whatsapp", "type": "text", "text": {"body": "to nobody"}},
        text_to("919845012345", "x" * 4097),
        text_to("919845012345", ""),
        {"messaging_product": "whatsapp", "to": "9198", "type": "dance", "dance": {"step": 1}},
    ],
)
async def test_what_meta_refuses_is_refused(graph: httpx.AsyncClient, message: dict[str, object]) -> None:
    answer = await graph.post(MESSAGES, json=message)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 100)


async def test_read_mark_with_typing_is_no_message(graph: httpx.AsyncClient, platform: FakePlatform) -> None:
    read = {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid.1",
        "typing_indicator": {"type": "text"},
    }

    answer = await graph.post(MESSAGES, json=read)

    assert answer.json() == {"success": True}
    assert (await graph.get("/sent")).json()[0]["provider_id"] is None


async def test_statuses_follow_in_order_signed_and_with_the_callers_data(
    graph: httpx.AsyncClient, platform: FakePlatform
) -> None:
    answer = await graph.post(MESSAGES, json=text_to("919845012345", biz_opaque_callback_data="delivery-7"))

    await until(lambda: len(platform.bodies) == 3)
    assert [status["status"] for status in statuses(platform)] == ["sent", "delivered", "read"]
    assert {status["id"] for status in statuses(platform)} == {answer.json()["messages"][0]["id"]}
    assert {status["biz_opaque_callback_data"] for status in statuses(platform)} == {"delivery-7"}
    assert all(headers["x-hub-signature-256"] == sign_meta(body, APP_SECRET) for _, body, headers in platform.bodies)


async def test_refused_status_is_sent_again(graph: httpx.AsyncClient, platform: FakePlatform) -> None:
    platform.statuses[META_WEBHOOK] = [500, 503]

    await graph.post(MESSAGES, json=text_to("919845012345"))

    await until(lambda: len(platform.bodies) == 5)
    assert [status["status"] for status in statuses(platform)] == ["sent", "sent", "sent", "delivered", "read"]


async def test_statuses_that_are_never_taken_are_given_up_and_counted(
    graph: httpx.AsyncClient, platform: FakePlatform
) -> None:
    platform.statuses[META_WEBHOOK] = [500] * 9

    await graph.post(MESSAGES, json=text_to("919845012345"))

    await until(lambda: len(platform.bodies) == 9)
    health = (await graph.get("/health")).json()
    assert health["statuses_given_up"] >= 2


async def test_planned_fault_is_met_as_often_as_planned(graph: httpx.AsyncClient) -> None:
    fault = {"provider": "whatsapp", "path": "*/messages", "status": 429, "code": 131056, "times": 2}
    await graph.post("/faults", json={**fault, "retry_after_seconds": 6})

    answers = [await graph.post(MESSAGES, json=text_to("919845012345")) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].json()["error"]["code"] == 131056
    assert answers[0].headers["retry-after"] == "6"
    assert (await graph.get("/faults")).json() == []


async def test_connection_cut_after_acceptance_still_delivers(graph: httpx.AsyncClient, platform: FakePlatform) -> None:
    await graph.post("/faults", json={"provider": "whatsapp", "drop_after_accept": True})

    with pytest.raises(httpx.RemoteProtocolError):
        await graph.post(MESSAGES, json=text_to("919845012345"))

    await until(lambda: len(platform.bodies) == 3)
    assert (await graph.get("/sent")).json()[0]["status"] is None


async def test_statuses_can_come_twice_and_in_wrong_order(graph: httpx.AsyncClient, platform: FakePlatform) -> None:
    await graph.post("/faults", json={"provider": "whatsapp", "duplicate_statuses": True, "reorder_statuses": True})

    await graph.post(MESSAGES, json=text_to("919845012345"))

    await until(lambda: len(platform.bodies) == 6)
    expected = ["read", "read", "delivered", "delivered", "sent", "sent"]
    assert [status["status"] for status in statuses(platform)] == expected


async def test_accepted_message_can_fail_later(graph: httpx.AsyncClient, platform: FakePlatform) -> None:
    await graph.post("/faults", json={"provider": "whatsapp", "delivery_error_code": 131047})

    await graph.post(MESSAGES, json=text_to("919845012345"))

    await until(lambda: len(platform.bodies) == 2)
    assert statuses(platform)[1]["errors"][0]["code"] == 131047


@pytest.mark.parametrize("fault", [b"{}", b"not json", b'{"provider":"whatsapp","status":200}', b'{"provider":"sms"}'])
async def test_senseless_fault_is_refused(graph: httpx.AsyncClient, fault: bytes) -> None:
    answer = await graph.post("/faults", content=fault)

    assert answer.status_code == 400


async def test_only_the_newest_requests_are_kept_until_cleared(graph: httpx.AsyncClient) -> None:
    for number in range(5):
        await graph.post(MESSAGES, json=text_to("919845012345", str(number)))

    kept = [entry["body"]["text"]["body"] for entry in (await graph.get("/sent")).json()]
    after = [entry["number"] for entry in (await graph.get("/sent", params={"after": 4})).json()]
    await graph.delete("/sent")

    assert (kept, after) == (["2", "3", "4"], [5])
    assert (await graph.get("/sent")).json() == []


async def test_uploaded_media_can_be_fetched_with_the_bearer_only(graph: httpx.AsyncClient) -> None:
    sound = b"OggS\r\n\x00\xff"
    form = {"messaging_product": "whatsapp", "type": "audio/ogg"}
    uploaded = await graph.post(
        "/v23.0/100000000000001/media", data=form, files={"file": ("a.ogg", sound, "audio/ogg")}
    )
    described = (await graph.get(f"/v23.0/{uploaded.json()['id']}")).json()
    path = httpx.URL(described["url"]).path

    fetched = await graph.get(path)
    refused = await graph.get(path, headers={"Authorization": "Bearer wrong"})

    assert (fetched.content, fetched.headers["content-type"]) == (sound, "audio/ogg")
    assert described["file_size"] == len(sound)
    assert refused.status_code == 401


async def test_twilio_message_is_accepted_listed_and_reported(
    twilio: httpx.AsyncClient, platform: FakePlatform
) -> None:
    callback = f"{platform.base_url}/webhooks/messages/twilio-whatsapp/status"
    form = {"To": "whatsapp:+911", "From": "whatsapp:+912", "Body": "Hello", "StatusCallback": callback}

    created = await twilio.post(TWILIO_MESSAGES, data=form)
    await until(lambda: len(platform.webhooks) == 3)
    found = (await twilio.get(TWILIO_MESSAGES, params={"To": "whatsapp:+911", "DateSent>": "2020-01-01"})).json()
    others = (await twilio.get(TWILIO_MESSAGES, params={"To": "whatsapp:+913"})).json()

    webhook = platform.webhooks[0]
    assert created.status_code == 201
    assert [webhook.form["MessageStatus"] for webhook in platform.webhooks] == ["sent", "delivered", "read"]
    assert RequestValidator(AUTH_TOKEN).validate(callback, webhook.form, webhook.headers["x-twilio-signature"])
    assert [(entry["sid"], entry["status"]) for entry in found["messages"]] == [(created.json()["sid"], "read")]
    assert others["messages"] == []


async def test_twilio_refuses_wrong_credentials_and_missing_fields(twilio: httpx.AsyncClient) -> None:
    wrong = await twilio.post(TWILIO_MESSAGES, data={"To": "a"}, auth=(ACCOUNT_SID, "wrong"))
    without_sender = await twilio.post(TWILIO_MESSAGES, data={"To": "whatsapp:+911", "Body": "Hello"})
    too_long = await twilio.post(TWILIO_MESSAGES, data={"To": "a", "From": "b", "Body": "x" * 1601})

    assert (wrong.status_code, wrong.json()["code"]) == (401, 20003)
    assert (without_sender.status_code, without_sender.json()["code"]) == (400, 21603)
    assert (too_long.status_code, too_long.json()["code"]) == (400, 21617)


async def test_platform_can_end_a_call_by_rest_once(
    twilio: httpx.AsyncClient, platform: FakePlatform, simulator_url: str
) -> None:
    platform.twiml["/webhooks/voice/incoming"] = platform.connect()
    line = PhoneLine(base_url=platform.base_url, auth_token=AUTH_TOKEN, simulator_url=simulator_url)

    async with PhoneCall(line) as call:
        await until(lambda: bool(platform.received("media")))
        path = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Calls/{call.call_sid}.json"
        ended = await twilio.post(path, data={"Status": "completed"})
        end = await call.wait_until_over()
    again = await twilio.post(path, data={"Status": "completed"})

    assert (ended.status_code, ended.json()["status"]) == (200, "completed")
    assert end is CallEnd.PLATFORM_HUNG_UP
    assert platform.received("stop")
    assert platform.posts("/webhooks/voice/recover") == []
    assert [told.form["CallStatus"] for told in platform.posts("/webhooks/voice/status")] == ["completed"]
    assert (again.status_code, again.json()["code"]) == (404, 20404)


async def test_platform_can_redirect_a_call_by_rest(
    twilio: httpx.AsyncClient, platform: FakePlatform, simulator_url: str
) -> None:
    platform.twiml["/webhooks/voice/incoming"] = platform.connect()
    line = PhoneLine(base_url=platform.base_url, auth_token=AUTH_TOKEN, simulator_url=simulator_url)

    async with PhoneCall(line) as call:
        twiml = "<Response><Say>One moment.</Say><Dial>+918000000000</Dial></Response>"
        await twilio.post(f"/2010-04-01/Accounts/{ACCOUNT_SID}/Calls/{call.call_sid}.json", data={"Twiml": twiml})
        await call.wait_until_over()

    assert call.calling.announcements == ["One moment."]
    assert call.calling.transferred_to == "+918000000000"
    assert platform.received("stop")


async def test_outbound_call_is_answered_and_follows_its_twiml(
    twilio: httpx.AsyncClient, platform: FakePlatform
) -> None:
    platform.twiml["/webhooks/voice/outbound"] = "<Response><Hangup/></Response>"
    form = {
        "To": "+919845012345",
        "From": "+918047112233",
        "Url": f"{platform.base_url}/webhooks/voice/outbound",
        "StatusCallback": f"{platform.base_url}/webhooks/voice/status",
        "StatusCallbackEvent": "ringing answered completed",
    }

    placed = await twilio.post(f"/2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json", data=form)

    await until(lambda: len(platform.posts("/webhooks/voice/status")) == 3)
    reported = [webhook.form["CallStatus"] for webhook in platform.posts("/webhooks/voice/status")]
    asked = platform.posts("/webhooks/voice/outbound")[0].form
    assert placed.status_code == 201
    assert reported == ["ringing", "in-progress", "completed"]
    assert (asked["Direction"], asked["CallStatus"]) == ("outbound-api", "in-progress")
    assert asked["CallSid"] == placed.json()["sid"]


async def test_outbound_call_to_a_busy_person_is_reported(twilio: httpx.AsyncClient, platform: FakePlatform) -> None:
    await twilio.put("/callee", content="busy")
    form = {
        "To": "+919845012345",
        "From": "+918047112233",
        "Twiml": "<Response/>",
        "StatusCallback": f"{platform.base_url}/webhooks/voice/status",
    }

    placed = await twilio.post(f"/2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json", data=form)

    await until(lambda: bool(platform.posts("/webhooks/voice/status")))
    shown = await twilio.get(f"/2010-04-01/Accounts/{ACCOUNT_SID}/Calls/{placed.json()['sid']}.json")
    assert platform.posts("/webhooks/voice/status")[0].form["CallStatus"] == "busy"
    assert shown.json()["status"] == "busy"


def whatsapp_number(platform: FakePlatform, simulator_url: str) -> WhatsAppNumber:
    """The number of the tests."""
    return WhatsAppNumber(
        base_url=platform.base_url,
        simulator_url=simulator_url,
        app_secret=APP_SECRET,
        phone_number_id="100000000000001",
    )


@pytest.mark.requirement("17.3")
async def test_whatsapp_user_writes_signed_messages_and_reads_only_own_replies(
    graph: httpx.AsyncClient, platform: FakePlatform, simulator_url: str
) -> None:
    await graph.post(MESSAGES, json=text_to("919845012345", "from before"))

    async with WhatsAppUser(whatsapp_number(platform, simulator_url)) as user:
        await user.say("When do you open? ₹")
        await graph.post(MESSAGES, json=text_to("911111111111", "for somebody else"))
        await graph.post(MESSAGES, json=text_to("919845012345", "At nine."))
        replies = await user.hear()

    _, body, headers = next(entry for entry in platform.bodies if b"When do you open" in entry[1])
    assert headers["x-hub-signature-256"] == sign_meta(body, APP_SECRET)
    assert json.loads(body)["entry"][0]["changes"][0]["value"]["messages"][0]["text"]["body"] == "When do you open? ₹"
    assert [reply.text for reply in replies] == ["At nine."]


async def test_whatsapp_user_says_when_nobody_answers_or_the_webhook_refuses(
    platform: FakePlatform, simulator_url: str
) -> None:
    platform.statuses[META_WEBHOOK] = [200, 401]

    async with WhatsAppUser(whatsapp_number(platform, simulator_url)) as user:
        await user.say("Hello?")
        with pytest.raises(NoReply):
            await user.hear(timeout_seconds=0.1)
        with pytest.raises(MessageRefused, match="401"):
            await user.say("Hello?")


@pytest.mark.requirement("17.3")
async def test_twilio_whatsapp_user_writes_signed_forms_and_reads_replies(
    twilio: httpx.AsyncClient, platform: FakePlatform, simulator_url: str
) -> None:
    user = TwilioWhatsAppUser(
        base_url=platform.base_url, simulator_url=simulator_url, account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN
    )

    async with user:
        await user.say("Hello")
        await twilio.post(
            TWILIO_MESSAGES, data={"To": "whatsapp:+919845012345", "From": "whatsapp:+91804", "Body": "Good morning"}
        )
        replies = await user.hear()

    webhook = platform.webhooks[0]
    assert RequestValidator(AUTH_TOKEN).validate(webhook.url, webhook.form, webhook.headers["x-twilio-signature"])
    assert webhook.form["WaId"] == "919845012345"
    assert [reply.text for reply in replies] == ["Good morning"]


@pytest.mark.parametrize(
    ("callee", "detection", "answered_by"),
    [
        ("human", "Enable", "human"),
        ("machine_start", "Enable", "machine_start"),
        ("machine_start", "DetectMessageEnd", "machine_end_beep"),
        ("fax", "DetectMessageEnd", "fax"),
    ],
)
async def test_who_answered_is_told_while_the_call_goes_on(
    twilio: httpx.AsyncClient,
    platform: FakePlatform,
    monkeypatch: pytest.MonkeyPatch,
    callee: str,
    detection: str,
    answered_by: str,
) -> None:
    monkeypatch.setattr(outbound_calls, "DETECTION_SECONDS", 0)
    monkeypatch.setattr(outbound_calls, "GREETING_SECONDS", 0)
    await twilio.put("/callee", content=callee)
    platform.twiml["/webhooks/voice/incoming"] = platform.connect()
    form = {
        "To": "+919845012345",
        "From": "+918047112233",
        "Url": f"{platform.base_url}/webhooks/voice/incoming",
        "MachineDetection": detection,
        "AsyncAmd": "true",
        "AsyncAmdStatusCallback": f"{platform.base_url}/webhooks/voice/machine-detection",
    }

    placed = await twilio.post(f"/2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json", data=form)

    await until(lambda: bool(platform.posts("/webhooks/voice/machine-detection")))
    (told,) = platform.posts("/webhooks/voice/machine-detection")
    assert (told.form["AnsweredBy"], told.form["CallSid"]) == (answered_by, placed.json()["sid"])
