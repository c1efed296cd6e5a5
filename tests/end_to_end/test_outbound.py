"""The business begins: a text in the window, a template to a stranger, a call that a person answers."""

from __future__ import annotations

import time
from typing import Any

import boto3
import httpx
import pytest

from local.simulators.whatsapp_user import WhatsAppUser
from tests.end_to_end.platform import Platform, eventually

pytestmark = pytest.mark.integration
BUSINESS_PHONE = "918000000000"


async def ask(platform: Platform, path: str, body: dict[str, Any], *, key: str) -> httpx.Response:
    """Post to the API as an admin."""
    facts = platform.facts
    headers = {"authorization": f"Bearer {facts['admin_token']}", "idempotency-key": key}
    async with httpx.AsyncClient(base_url=facts["base_url"], trust_env=False, timeout=30) as client:
        return await client.post(path, json=body, headers=headers)


async def requests_to_providers(platform: Platform, words: str) -> list[dict[str, Any]]:
    """What the platform sent to a provider that holds these words."""
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        answer = await client.get(f"{platform.facts['simulator_url']}/sent")
    return [sent for sent in answer.json() if words in str(sent)]


async def test_a_text_reaches_a_user_who_wrote_today_once(scripted_platform: Platform) -> None:
    body = {"channel": "whatsapp", "user_id": "919800000701", "text": "Your report is ready, please come by."}
    async with WhatsAppUser(scripted_platform.stack().whatsapp_number, wa_id="919800000701") as user:
        await user.say("Is my report ready?")
        await user.hear()

        first = await ask(scripted_platform, "/api/v1/outbound-messages", body, key="report-701")
        again = await ask(scripted_platform, "/api/v1/outbound-messages", body, key="report-701")

    assert (first.status_code, again.status_code) == (201, 201), first.text + again.text
    assert len(await requests_to_providers(scripted_platform, "Your report is ready")) == 1
    sent = first.json()["data"]

    async def delivered() -> Any:
        turns = (await scripted_platform.data(f"/api/v1/conversations/{sent['conversation_id']}/messages"))["items"]
        found = [turn for turn in turns if turn["id"] == sent["message_id"]]
        return found[0] if found[0]["delivery_status"] in {"delivered", "read"} else None

    turn = await eventually(delivered)
    assert (turn["speaker"], turn["text"]) == ("human", body["text"])


async def test_a_stranger_gets_a_template_and_no_text(scripted_platform: Platform) -> None:
    stranger = {"channel": "whatsapp", "user_id": "919800000702", "business_id": "100200300"}
    text = {**stranger, "text": "Buy now!"}
    template = {**stranger, "template": {"name": "reminder", "language": "en", "variables": ["Asha702"]}}

    refused = await ask(scripted_platform, "/api/v1/outbound-messages", text, key="text-702")
    taken = await ask(scripted_platform, "/api/v1/outbound-messages", template, key="template-702")

    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "window_closed")
    assert (taken.status_code, taken.json()["data"]["delivery_status"]) == (201, "sent"), taken.text
    assert len(await requests_to_providers(scripted_platform, "Asha702")) == 1
    assert await requests_to_providers(scripted_platform, "Buy now!") == []


def to(user: str, **content: Any) -> dict[str, Any]:
    """A message to a user of WhatsApp."""
    return {"channel": "whatsapp", "user_id": user, "business_id": "100200300", **content}


async def heard(user: WhatsAppUser, count: int = 1) -> list[Any]:
    """So many replies."""
    replies: list[Any] = []
    while len(replies) < count:
        replies += await user.hear()
    return replies


async def test_buttons_are_tapped_and_answered(scripted_platform: Platform) -> None:
    question = {
        "text": "Keep Monday?",
        "options": [{"id": "keep", "title": "Keep it"}, {"id": "move", "title": "Another day"}],
    }
    async with WhatsAppUser(scripted_platform.stack().whatsapp_number, wa_id="919800000711") as user:
        await user.say("Hello")
        await heard(user)
        sent = await ask(
            scripted_platform, "/api/v1/outbound-messages", to("919800000711", choices=question), key="choices-711"
        )
        (shown,) = await heard(user)
        await user.send(user.messages.button_reply("keep", "Keep it", to_message_id=shown.provider_id))
        (answer,) = await heard(user)

    assert sent.status_code == 201, sent.text
    assert (shown.kind, [option.id for option in shown.options]) == ("interactive", ["keep", "move"])
    assert answer.text
    path = f"/api/v1/conversations/{sent.json()['data']['conversation_id']}/messages"
    turns = (await scripted_platform.data(path))["items"]
    assert "Keep Monday?\n\n1. Keep it\n2. Another day" in [turn["text"] for turn in turns]
    assert "Keep it" in [turn["text"] for turn in turns]


async def test_a_list_is_shown_and_another_one_under_the_same_key_is_a_conflict(scripted_platform: Platform) -> None:
    rows = [{"id": f"r{number}", "title": f"Room {number}", "description": "Ground floor"} for number in range(10)]
    menu = {"text": "Which room?", "button": "Rooms", "sections": [{"options": rows}]}
    async with WhatsAppUser(scripted_platform.stack().whatsapp_number, wa_id="919800000712") as user:
        await user.say("Hello")
        await heard(user)
        body = to("919800000712", menu=menu)
        sent = await ask(scripted_platform, "/api/v1/outbound-messages", body, key="menu-712")
        (shown,) = await heard(user)
        again = await ask(scripted_platform, "/api/v1/outbound-messages", body, key="menu-712")
        other = to("919800000712", menu=menu | {"button": "Open"})
        conflict = await ask(scripted_platform, "/api/v1/outbound-messages", other, key="menu-712")
        too_long = to("919800000712", menu=menu | {"button": "x" * 21})
        refused = await ask(scripted_platform, "/api/v1/outbound-messages", too_long, key="menu-712-b")

    assert (shown.is_list, len(shown.options)) == (True, 10)
    assert [answer.status_code for answer in (sent, again, conflict, refused)] == [201, 201, 409, 409]
    assert "at most 20 characters" in refused.json()["error"]["message"]


async def test_a_picture_of_ours_reaches_the_user(scripted_platform: Platform) -> None:
    s3 = boto3.client(
        "s3",
        region_name="ap-south-1",
        endpoint_url=scripted_platform.facts["aws_endpoint_url"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    (bucket,) = [found["Name"] for found in s3.list_buckets()["Buckets"] if "data" in found["Name"]]
    s3.put_object(Bucket=bucket, Key="media/test/713/0", Body=b"\x89PNG\r\n\x1a\n", ContentType="image/png")
    media = {"kind": "image", "key": "media/test/713/0", "caption": "The way to us"}
    async with WhatsAppUser(scripted_platform.stack().whatsapp_number, wa_id="919800000713") as user:
        await user.say("Where are you?")
        await heard(user)
        sent = await ask(
            scripted_platform, "/api/v1/outbound-messages", to("919800000713", media=media), key="media-713"
        )
        (shown,) = await heard(user)

    assert sent.status_code == 201, sent.text
    assert (shown.kind, shown.text, bool(shown.media)) == ("image", "The way to us", True)


async def test_a_day_later_the_fallback_leaves(scripted_platform: Platform) -> None:
    template = {"name": "report_ready", "variables": ["Asha714"]}
    async with WhatsAppUser(scripted_platform.stack().whatsapp_number, wa_id="919800000714") as user:
        yesterday = {"timestamp": str(int(time.time()) - 25 * 3600)}
        await user.send({**user.messages.text("Is it ready?"), **yesterday})
        await eventually(lambda: known_user(scripted_platform, "919800000714"))
        text = to("919800000714", text="Your report is ready.")
        refused = await ask(scripted_platform, "/api/v1/outbound-messages", text, key="text-714")
        body = text | {"fallback_template": template}
        sent = await ask(scripted_platform, "/api/v1/outbound-messages", body, key="fallback-714")

    error = refused.json()["error"]
    assert (refused.status_code, error["code"], "closed_at" in error["details"]) == (409, "window_closed", True)
    assert (sent.status_code, sent.json()["data"]["text"]) == (201, "[report_ready] Asha714"), sent.text
    assert len(await requests_to_providers(scripted_platform, "Asha714")) == 1


async def test_a_provider_that_finds_a_text_late_gets_the_fallback(scripted_platform: Platform) -> None:
    template = {"name": "report_ready", "variables": ["Asha715"]}
    async with WhatsAppUser(scripted_platform.stack().whatsapp_number, wa_id="919800000715") as user:
        await user.say("Is it ready?")
        await heard(user)
        await user.have_written(hours_ago=25)
        body = to("919800000715", text="It is ready, Asha.", fallback_template=template)
        sent = await ask(scripted_platform, "/api/v1/outbound-messages", body, key="late-715")

        async def fallback() -> Any:
            found = await requests_to_providers(scripted_platform, "Asha715")
            return found or None

        requests = await eventually(fallback)

    assert sent.status_code == 201, sent.text
    assert [request["body"]["type"] for request in requests] == ["template"]


async def known_user(platform: Platform, user_id: str) -> Any:
    """The user's conversations, once there are any."""
    return (await platform.data("/api/v1/conversations", user_id=user_id))["items"] or None


async def test_a_late_answer_shows_what_it_answers(scripted_platform: Platform) -> None:
    async with WhatsAppUser(scripted_platform.stack().whatsapp_number, wa_id="919800000716") as user:
        minutes_ago = {"timestamp": str(int(time.time()) - 300)}
        question = {**user.messages.text("Are you open?"), **minutes_ago}
        await user.send(question)
        (late,) = await heard(user)
        await user.say("And on Sunday?")
        (prompt,) = await heard(user)

    assert (late.quotes, prompt.quotes) == (question["id"], None)


async def test_a_call_is_placed_once_and_served_when_somebody_answers(scripted_platform: Platform) -> None:
    body = {"user_id": "919800000703", "business_id": BUSINESS_PHONE}

    first = await ask(scripted_platform, "/api/v1/outbound-calls", body, key="call-703")
    again = await ask(scripted_platform, "/api/v1/outbound-calls", body, key="call-703")

    assert (first.status_code, again.status_code) == (201, 201), first.text + again.text
    call_sid = first.json()["data"]["call_sid"]
    assert again.json()["data"]["call_sid"] == call_sid

    async def answered() -> Any:
        call = await scripted_platform.data(f"/api/v1/calls/{call_sid}")
        return call if call["answered_at"] else None

    call = await eventually(answered)
    assert (call["direction"], call["caller_id"]) == ("outbound", "919800000703")
