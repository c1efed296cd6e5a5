"""A promised call: the telephone rings by itself when it is due, and who takes it is told why."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from local.simulators.whatsapp_user import WhatsAppUser
from shared.adapters.postgres.call_backs import PostgresCallBacks
from shared.adapters.postgres.engine import Database
from shared.domain.call_back import CallBack, WhoRings
from tests.end_to_end.platform import Platform, eventually

pytestmark = pytest.mark.integration


async def conversation_with(platform: Platform, user_id: str) -> str:
    """The conversation of a user who writes on WhatsApp."""
    async with WhatsAppUser(platform.stack().whatsapp_number, wa_id=user_id) as user:
        await user.say("Please call me back.")
        await user.hear()
    found = await platform.data("/api/v1/conversations", user_id=user_id, channel="whatsapp")
    (conversation,) = found["items"]
    return str(conversation["id"])


async def promise(platform: Platform, user_id: str, *, minutes: int) -> CallBack:
    """What the tool keeps when an agent uses it in the user's chat."""
    database = Database(platform.facts["database_url"], pool_size=1)
    try:
        return await PostgresCallBacks(database).promise(
            CallBack(
                id=str(uuid.uuid4()),
                conversation_id=await conversation_with(platform, user_id),
                wanted=WhoRings.AGENT,
                agent_id=None,
                phone_number=user_id,
                about="Asha wants to move her appointment.",
                due_at=datetime.now(UTC) + timedelta(minutes=minutes),
            )
        )
    finally:
        await database.close()


async def kept(platform: Platform, call_back_id: str) -> Any:
    """The promise as the API shows it."""
    items = (await platform.data("/api/v1/call-backs", limit="100"))["items"]
    return next(item for item in items if item["id"] == call_back_id)


async def test_the_telephone_rings_when_a_promise_is_due(scripted_platform: Platform) -> None:
    user_id = "919800000731"
    promised = await promise(scripted_platform, user_id, minutes=0)

    async def served() -> Any:
        call_sid = (await kept(scripted_platform, promised.id))["call_sid"]
        call = await scripted_platform.data(f"/api/v1/calls/{call_sid}") if call_sid else None
        return call if call and call["answered_at"] else None

    call = await eventually(served)

    async def spoken() -> Any:
        path = f"/api/v1/conversations/{call['conversation_id']}/messages"
        turns = (await scripted_platform.data(path))["items"]
        return turns if any(turn["speaker"] == "agent" for turn in turns) else None

    turns = await eventually(spoken)
    assert (call["direction"], call["caller_id"]) == ("outbound", user_id)
    assert (turns[0]["speaker"], "move her appointment" in turns[0]["text"]) == ("system", True)
    greeting = next(turn["text"] for turn in turns if turn["speaker"] == "agent")
    assert "You asked us to call you back." in greeting


async def test_a_promise_that_was_cancelled_is_not_kept(scripted_platform: Platform) -> None:
    promised = await promise(scripted_platform, "919800000732", minutes=60)
    facts = scripted_platform.facts

    async with httpx.AsyncClient(base_url=facts["base_url"], trust_env=False, timeout=30) as client:
        path = f"/api/v1/call-backs/{promised.id}"
        answer = await client.delete(path, headers={"authorization": f"Bearer {facts['api_token']}"})

    assert answer.status_code == 204, answer.text
    assert (await kept(scripted_platform, promised.id))["state"] == "cancelled"
