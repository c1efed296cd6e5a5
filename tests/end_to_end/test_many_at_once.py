"""Many users at once, and a worker that dies: nothing is lost, nothing is said twice, everybody is answered."""

from __future__ import annotations

import asyncio
import os
import signal

import httpx
import pytest

from local.simulators.phone import PhoneCall
from local.simulators.whatsapp_user import WhatsAppUser
from tests.end_to_end.platform import Platform, eventually, rows
from tests.stream_service.listening.utterances import recorded_utterances

pytestmark = pytest.mark.integration
SPEECH = recorded_utterances()[0].mulaw


async def replies_to(platform: Platform, user_id: str, *, at_least: int) -> list[str]:
    """The provider's ids of the replies that this user was sent, once there are so many."""

    async def look() -> list[str] | None:
        conversations = (await platform.data("/api/v1/conversations", user_id=user_id))["items"]
        if not conversations:
            return None
        turns = (await platform.data(f"/api/v1/conversations/{conversations[0]['id']}/messages", limit="100"))["items"]
        answered = [turn["provider_message_id"] for turn in turns if turn["speaker"] == "agent"]
        return answered if len(answered) >= at_least else None

    return await eventually(look, seconds=90)


async def until_answered(platform: Platform, user_ids: list[str], *, each: int) -> None:
    """Wait for all users together: twenty who ask the API at once would take the time that the answers need."""
    query = """
        SELECT count(*) FROM messages AS answers JOIN messages AS questions ON questions.id = answers.answers_id
        WHERE questions.user_id = ANY(:user_ids)
    """

    async def look() -> bool | None:
        ((answers,),) = await asyncio.to_thread(rows, platform, query, user_ids=user_ids)
        return answers >= each * len(user_ids) or None

    await eventually(look, seconds=180)


def questions_in_order_of_their_answers(platform: Platform, user_id: str) -> list[str]:
    """What the user asked, in the order in which the answers left."""
    query = """
        SELECT questions.text FROM messages AS answers JOIN messages AS questions ON questions.id = answers.answers_id
        WHERE questions.user_id = :user_id ORDER BY answers.arrival
    """
    return [text for (text,) in rows(platform, query, user_id=user_id)]


@pytest.mark.requirement("1.5")
async def test_twenty_users_who_write_ten_messages_each_are_answered_once_and_in_order(
    scripted_platform: Platform,
) -> None:
    number = scripted_platform.stack().whatsapp_number
    ids = [f"9198000010{user:02}" for user in range(20)]

    async def write_ten(user_id: str) -> None:
        async with WhatsAppUser(number, wa_id=user_id) as user:
            for question in range(10):
                await user.say(f"Question {question}?")

    await asyncio.gather(*(write_ten(user_id) for user_id in ids))
    await until_answered(scripted_platform, ids, each=10)
    answered = [await replies_to(scripted_platform, user_id, at_least=10) for user_id in ids]

    assert [len(set(replies)) for replies in answered] == [10] * 20
    sent = await sent_to(scripted_platform, ids)
    assert sent == dict.fromkeys(ids, 10)
    for user_id in ids:
        asked = [f"Question {question}?" for question in range(10)]
        assert questions_in_order_of_their_answers(scripted_platform, user_id) == asked


async def sent_to(platform: Platform, user_ids: list[str]) -> dict[str, int]:
    """How many messages the provider was given for each user."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        requests = (await client.get(f"{platform.facts['simulator_url']}/sent")).json()
    # Files that were asked for have no body.
    bodies = [request["body"] for request in requests if isinstance(request["body"], dict)]
    recipients = [body["to"] for body in bodies if body.get("type") == "text"]
    return {user_id: recipients.count(user_id) for user_id in user_ids}


@pytest.mark.requirement("1.5")
async def test_ten_callers_at_once_are_all_answered(scripted_platform: Platform) -> None:
    line = scripted_platform.stack().phone_line

    async def talk(number: int) -> int:
        async with PhoneCall(line, caller=f"+9198000020{number:02}") as call:
            await call.listen_until_silence()
            await call.say(SPEECH)
            answer = await call.listen_until_silence()
            assert call.protocol_errors == []
            return call.response_ms(answer)

    response_times_ms = await asyncio.gather(*(talk(number) for number in range(10)))

    assert len(response_times_ms) == 10


async def test_a_message_whose_worker_is_killed_while_it_answers_is_answered_once(scripted_platform: Platform) -> None:
    user_id = "919800003001"
    worker = scripted_platform.facts["pids"]["message_worker"]
    async with WhatsAppUser(scripted_platform.stack().whatsapp_number, wa_id=user_id) as user:
        await user.say("Do you hear me?")

        async def is_being_answered() -> bool | None:
            return (await scripted_platform.data("/api/v1/conversations", user_id=user_id))["items"] != [] or None

        await eventually(is_being_answered)
        os.kill(worker[0] if isinstance(worker, list) else worker, signal.SIGKILL)

        await replies_to(scripted_platform, user_id, at_least=1)
        await user.say("And now?")
        await replies_to(scripted_platform, user_id, at_least=2)

    assert await sent_to(scripted_platform, [user_id]) == {user_id: 2}
