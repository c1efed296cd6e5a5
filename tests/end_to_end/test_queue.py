"""The running queue: quick messages answered together, what cannot be read set aside and brought back."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from local.__main__ import main
from local.aws_resources import aws_client
from local.simulators.sent_messages import Reply
from local.simulators.whatsapp_user import WhatsAppUser
from tests.end_to_end.platform import Platform, eventually, rows

pytestmark = pytest.mark.integration
PATIENCE_SECONDS = 3
THOUGHT = ("Answer me patiently", "I have a question", "When do you open?")
MESSAGES = """
    SELECT text, state, unanswered_because, joined_to IS NOT NULL AS is_joined FROM messages
    WHERE user_id = :user_id AND direction = 'inbound' ORDER BY arrival
"""


@asynccontextmanager
async def patient_agent(platform: Platform) -> AsyncIterator[None]:
    """An agent for messages with the word "patiently", who waits for the rest of a thought."""
    facts = platform.facts
    headers = {"authorization": f"Bearer {facts['admin_token']}"}
    agent = {
        "id": "patient",
        "name": "Patient",
        "description": "Listens to the end.",
        "instructions": "Listen to the end.",
        "greeting": "Hello.",
        "coalesce_seconds": PATIENCE_SECONDS,
    }
    rule = {"id": "patiently", "kind": "keyword", "pattern": "patiently", "agent_id": "patient", "priority": 1000}
    async with httpx.AsyncClient(base_url=facts["base_url"], headers=headers, trust_env=False, timeout=10) as client:
        made = []
        try:
            for path, value in (("agents", agent), ("routing-rules", rule)):
                response = await client.post(f"/api/v1/{path}", json=value)
                assert response.status_code == 201, response.text
                made.append((f"/api/v1/{path}/{value['id']}", response.headers["etag"]))
            yield
        finally:
            for address, version in reversed(made):
                await client.delete(address, headers={"if-match": version})


async def test_a_thought_in_three_messages_is_answered_once(scripted_platform: Platform) -> None:
    numbers = itertools.count(919800008000)

    async def all_done(user_id: str) -> list[Any] | None:
        kept = rows(scripted_platform, MESSAGES, user_id=user_id)
        return kept if len(kept) == len(THOUGHT) and all(state == "done" for _, state, *_ in kept) else None

    async def thought_answered_as_one() -> tuple[list[Any], int] | None:
        """What was kept of the three and how many replies came.

        None where they were answered apart: the worker reads the agents every few seconds, and may not know this one
        yet; or the machine is so busy that the three do not come within the agent's patience.
        """
        user_id = str(next(numbers))
        async with WhatsAppUser(scripted_platform.stack().whatsapp_number, wa_id=user_id) as user:
            for text in THOUGHT:
                await user.say(text)
            kept = await eventually(lambda: all_done(user_id), seconds=60)
            # A message is done once its reply was sent: whatever was to come has come.
            replies = [noticed for noticed in await user.notice() if isinstance(noticed, Reply)]
        are_joined = [is_joined for *_, is_joined in kept]
        return (kept, len(replies)) if are_joined.count(False) == 1 else None

    async with patient_agent(scripted_platform):
        kept, replies = await eventually(thought_answered_as_one, seconds=120)

    assert replies == 1
    assert kept == [
        ["Answer me patiently", "done", "joined", True],
        ["I have a question", "done", "joined", True],
        ["When do you open?", "done", None, False],
    ]


def dead_bodies(platform: Platform, group: str) -> list[str]:
    """What was set aside of a user; it can be looked at again."""
    facts = platform.facts
    client = aws_client("sqs", facts["aws_endpoint_url"])
    received: list[dict[str, Any]] = client.receive_message(
        QueueUrl=facts["dead_letter_queue_url"], MaxNumberOfMessages=10, VisibilityTimeout=0, AttributeNames=["All"]
    ).get("Messages", [])
    return [message["Body"] for message in received if message["Attributes"]["MessageGroupId"] == group]


async def test_what_cannot_be_read_holds_up_nobody_and_comes_back_when_asked(
    scripted_platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    user_id, facts = "919800008100", scripted_platform.facts
    group, poison = f"whatsapp:{user_id}", '{"item": "message", "text": "of another release"}'
    where = ["--directory", str(scripted_platform.directory)]
    async with WhatsAppUser(scripted_platform.stack().whatsapp_number, wa_id=user_id) as user:
        await user.say("Good morning")
        aws_client("sqs", facts["aws_endpoint_url"]).send_message(
            QueueUrl=facts["queue_url"], MessageBody=poison, MessageGroupId=group, MessageDeduplicationId="poison"
        )
        await user.say("When do you open?")
        replies = await user.hear()
        while len(replies) < 2:
            replies += await user.hear()

    assert dead_bodies(scripted_platform, group) == [poison]
    assert [text for text, *_ in rows(scripted_platform, MESSAGES, user_id=user_id)] == [
        "Good morning",
        "When do you open?",
    ]
    assert main(["dead-letters", "list", *where]) == 0
    assert main(["dead-letters", "redrive", *where]) == 0
    assert "unreadable" in (output := capsys.readouterr().out)
    assert "1 messages are queued again" in output

    async def set_aside_again() -> bool | None:
        return dead_bodies(scripted_platform, group) == [poison] or None

    await eventually(set_aside_again)
