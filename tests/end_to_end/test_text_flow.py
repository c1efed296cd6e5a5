"""WhatsApp, from a provider's webhook to the reply in the user's hand and the history in the API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.simulators.whatsapp_user import NoReply, TwilioWhatsAppUser, WhatsAppUser
from tests.end_to_end.platform import Platform, eventually, rows

pytestmark = pytest.mark.integration
FIXTURES = Path(__file__).parents[1] / "fixtures"
EXPECTED: dict[str, dict[str, int]] = json.loads((FIXTURES / "expected_counts.json").read_text())


def test_every_published_payload_is_known() -> None:
    payloads = {str(path.relative_to(FIXTURES)) for path in FIXTURES.glob("meta-*/*.json")}

    assert payloads == set(EXPECTED)


@pytest.mark.requirement("1.2")
@pytest.mark.parametrize("name", sorted(EXPECTED))
async def test_every_element_of_a_real_payload_is_accepted(platform: Platform, name: str) -> None:
    response = await platform.post_meta((FIXTURES / name).read_bytes())

    assert response.status_code == 200, response.text
    data = response.json()["data"]
    expected = EXPECTED[name]
    assert (data["messages"], data["statuses"], data["calls"]) == (
        expected["messages"],
        expected["statuses"],
        expected["calls"],
    )
    assert (data["errors"], data["notices"]) == (expected["value_errors"], expected["other_changes"])
    assert data["rejected"] == []


@pytest.mark.requirement("10.2")
async def test_every_message_of_the_real_payloads_is_stored_once(platform: Platform) -> None:
    ids = set()
    for name in EXPECTED:
        body = (FIXTURES / name).read_bytes()
        await platform.post_meta(body)
        values = [change["value"] for entry in json.loads(body)["entry"] for change in entry.get("changes", [])]
        ids |= {message["id"] for value in values for message in value.get("messages", [])}

    async def all_stored() -> list[Any] | None:
        query = "SELECT provider_message_id, count(*) FROM messages WHERE provider_message_id = ANY(:ids) GROUP BY 1"
        found = rows(platform, query, ids=list(ids))
        return found if len(found) == len(ids) else None

    assert all(count == 1 for _, count in await eventually(all_stored))


@pytest.mark.requirement("6.1")
@pytest.mark.requirement("6.2")
async def test_one_changed_byte_is_refused(platform: Platform) -> None:
    vector = json.loads((FIXTURES / "signature-vectors" / "meta_x_hub_signature_256.json").read_text())
    body = (FIXTURES / "meta-java-api" / "textMessage.json").read_bytes()

    forged = await platform.post_meta(body, signature=vector["x_hub_signature_256"])

    assert forged.status_code == 401
    assert forged.json()["error"]["code"] == "signature_invalid"


@pytest.mark.requirement("13.4")
async def test_a_question_is_answered_from_the_agents_knowledge_and_kept(platform: Platform) -> None:
    async with WhatsAppUser(platform.stack().whatsapp_number, wa_id="919800000101") as user:
        await user.say("Which days of the week is the clinic open?")
        (reply,) = await user.hear()

    assert "Monday to Friday" in reply.text
    (conversation,) = (await platform.data("/api/v1/conversations", user_id="919800000101"))["items"]

    async def read_turns() -> list[dict[str, Any]] | None:
        turns = (await platform.data(f"/api/v1/conversations/{conversation['id']}/messages"))["items"]
        is_read = len(turns) == 2 and turns[1]["delivery_status"] == "read"
        return turns if is_read else None

    question, answer = await eventually(read_turns)
    assert (question["speaker"], answer["speaker"], answer["agent_id"]) == ("user", "agent", "reception")
    assert (answer["text"], answer["provider_message_id"]) == (reply.text, reply.provider_id)
    assert answer["stages_ms"]["total"] > 0


async def test_a_whatsapp_user_of_twilio_is_answered_too(platform: Platform) -> None:
    facts = platform.facts
    async with TwilioWhatsAppUser(
        base_url=facts["base_url"],
        simulator_url=facts["simulator_url"],
        account_sid=facts["twilio_account_sid"],
        auth_token=facts["twilio_auth_token"],
        wa_id="919800000102",
    ) as user:
        await user.say("What does a consultation with a family doctor cost?")
        (reply,) = await user.hear()

    assert "600 rupees" in reply.text


@pytest.mark.requirement("3.1")
async def test_whoever_wants_a_person_is_handed_over_and_no_longer_answered_by_agents(platform: Platform) -> None:
    async with WhatsAppUser(platform.stack().whatsapp_number, wa_id="919800000103") as user:
        await user.say("I want to talk to a human, please.")
        (reply,) = await user.hear()
        await user.say("Are you there? When do you open on Saturday?")
        with pytest.raises(NoReply):
            await user.hear(timeout_seconds=3)

    assert "colleague" in reply.text
    (conversation,) = (await platform.data("/api/v1/conversations", user_id="919800000103"))["items"]
    assert conversation["status"] == "human"


@pytest.mark.requirement("1.4")
async def test_two_users_and_two_channels_are_remembered_apart(platform: Platform) -> None:
    number = platform.stack().whatsapp_number
    async with (
        WhatsAppUser(number, wa_id="919800000104") as first,
        WhatsAppUser(number, wa_id="919800000105") as second,
    ):
        await first.say("How can I pay my bill?")
        await first.hear()
        await second.say("Hello")
        await second.hear()

    (one,) = (await platform.data("/api/v1/conversations", user_id="919800000104"))["items"]
    (two,) = (await platform.data("/api/v1/conversations", user_id="919800000105"))["items"]
    assert one["agent_id"] == "billing"
    assert two["agent_id"] == "reception"


@pytest.mark.parametrize("path", ["/api/v1/conversations", "/api/v1/calls"])
async def test_the_history_is_for_those_who_sign_in(platform: Platform, path: str) -> None:
    async with httpx.AsyncClient(base_url=platform.facts["base_url"], trust_env=False) as client:
        response = await client.get(path, headers={"authorization": "Bearer not-a-token"})

    assert response.status_code == 401
    assert response.json()["error"]["code"] == "unauthenticated"


async def test_an_address_that_no_rule_routes_gets_the_envelope(platform: Platform) -> None:
    response = await platform.get("/nowhere")

    assert response.status_code == 404
    assert response.json()["status"] == "error"
