"""A reply of several messages reaches the user whole and once, though the worker dies on the way."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from local.simulators.whatsapp_user import TwilioWhatsAppUser
from tests.end_to_end.platform import Platform, eventually, rows, running_platform

pytestmark = pytest.mark.integration

USER = "919800000151"
PARTS = """
    SELECT part.status, part.provider_message_id FROM delivery_parts part
    JOIN deliveries delivery ON delivery.id = part.delivery_id
    JOIN messages asked ON asked.id = delivery.message_id
    WHERE asked.user_id = :user_id ORDER BY part.position
"""


@pytest.fixture(scope="module")
def talkative_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A copy whose agents say so much that Twilio's WhatsApp carries it in three messages."""
    with running_platform(
        tmp_path_factory.mktemp("talkative"),
        LANGUAGE_MODEL="scripted",
        EMBEDDINGS="none",
        SPEECH_TO_TEXT="scripted",
        TEXT_TO_SPEECH="scripted",
        SCRIPTED_REPLY_TOKENS="750",
        ANSWER_LEASE_SECONDS="6",
        VAANI_STREAM_TASKS="1",
    ) as running:
        yield running


async def sent_texts(platform: Platform) -> list[str]:
    """What Twilio was asked to send to the user, in order."""
    async with httpx.AsyncClient(base_url=platform.facts["simulator_url"], trust_env=False) as simulator:
        requests = (await simulator.get("/sent")).json()
    sent = [request["body"] for request in requests if request["provider"] == "twilio" and request["method"] == "POST"]
    return [body["Body"] for body in sent if body.get("To", "").endswith(USER)]


async def lose_the_answer_to_the_second_part(platform: Platform) -> None:
    """Twilio takes it and does not get to say so; whoever asks for it then waits long enough to be killed."""
    faults = (
        {"method": "POST", "duplicate_statuses": True},
        {"method": "POST", "drop_after_accept": True},
        {"method": "GET", "delay_ms": 8000},
    )
    async with httpx.AsyncClient(base_url=platform.facts["simulator_url"], trust_env=False) as simulator:
        for fault in faults:
            answer = await simulator.post("/faults", json={"provider": "twilio", "path": "*/Messages.json", **fault})
            answer.raise_for_status()


async def test_a_long_reply_is_completed_after_the_worker_was_killed_between_its_parts(
    talkative_platform: Platform,
) -> None:
    platform = talkative_platform
    facts = platform.facts
    await lose_the_answer_to_the_second_part(platform)
    async with TwilioWhatsAppUser(
        base_url=facts["base_url"],
        simulator_url=facts["simulator_url"],
        account_sid=facts["twilio_account_sid"],
        auth_token=facts["twilio_auth_token"],
        wa_id=USER,
    ) as user:
        await user.say("Tell me everything")

        async def second_part_left() -> bool | None:
            return True if len(await sent_texts(platform)) == 2 else None

        await eventually(second_part_left)
        assert [status for status, _ in rows(platform, PARTS, user_id=USER)] == ["sent", "sending", "pending"]
        os.kill(facts["pids"]["message_worker"], signal.SIGKILL)

        async def all_read() -> dict[str, Any] | None:
            (conversation,) = (await platform.data("/api/v1/conversations", user_id=USER))["items"]
            messages = (await platform.data(f"/api/v1/conversations/{conversation['id']}/messages"))["items"]
            is_done = len(messages) == 2 and messages[1]["delivery_status"] == "read"
            return messages[1] if is_done else None

        reply = await eventually(all_read, seconds=90)

    texts = await sent_texts(platform)
    assert len(texts) == 3
    assert " ".join(texts) == reply["text"]
    assert [part["text"] for part in reply["parts"]] == texts
    assert [part["status"] for part in reply["parts"]] == ["read"] * 3
    assert len({part["provider_message_id"] for part in reply["parts"]}) == 3
    for number in (1, 2, 3):
        told = [report["reported"] for report in reply["statuses"] if report["part"] == number]
        assert len(told) == len(set(told))
        assert "read" in told
