"""The business begins: a text in the window, a template to a stranger, a call that a person answers."""

from __future__ import annotations

from typing import Any

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

    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "window_closed")
    assert (taken.status_code, taken.json()["data"]["delivery_status"]) == (201, "sent"), taken.text
    assert len(await requests_to_providers(scripted_platform, "Asha702")) == 1
    assert await requests_to_providers(scripted_platform, "Buy now!") == []


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
