"""A platform over the restored database: does it know what was said, does it go on, does it answer nothing twice?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from local.drill.platform_copy import PlatformCopy, running_copy
from local.restore_drill.ledger import Commit
from local.restore_drill.steps import Step
from local.running_stack import NotRunning, RunningStack, wait_for
from local.simulators.whatsapp_user import WhatsAppUser
from shared.adapters.redis.client import connect_cluster
from shared.adapters.redis.context import RedisContextStore
from shared.domain.conversation import ConversationKey

ANSWER_SECONDS = 60
SETTINGS = {"LANGUAGE_MODEL": "scripted", "ENVIRONMENT": "development"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the restored database is known to hold.

    Attributes:
        user_id: who wrote the last question that was answered, `question_id`, `question`.
        call_sid: a call whose recording is there; None when there was none yet.
        recording_bytes: the size of the sound of its finished file.
        lost: messages that were accepted and lost; a provider may deliver them again.
    """

    user_id: str
    question_id: str
    question: str
    call_sid: str | None
    recording_bytes: int
    lost: Sequence[tuple[str, Commit]]


async def serve(directory: Path, expected: Expected, step: Step) -> None:
    """Start the platform in its folder, whose database is the restored one, and use it; notes what it does.

    Raises:
        NotRunning: it does not start.
    """
    async with running_copy(directory, SETTINGS) as copy, copy.stack as stack:
        step.facts.append("a platform started over the restored database, its cache empty")
        await _read_history(stack, expected, step)
        if expected.call_sid is not None:
            await _play_recording(stack, expected.call_sid, expected.recording_bytes, step)
        await _go_on(copy, stack, expected, step)


async def _read_history(stack: RunningStack, expected: Expected, step: Step) -> None:
    found = await stack.conversation_id(channel="whatsapp", user_id=expected.user_id)
    texts = [] if found is None else [turn["text"] for turn in await stack.messages(found)]
    step.expect(
        f"the history of a user is read through the API: {len(texts)} turns",
        is_so=expected.question in texts,
        otherwise=f"the API does not show {expected.question!r} of {expected.user_id}",
    )


async def _play_recording(stack: RunningStack, call_sid: str, expected_bytes: int, step: Step) -> None:
    facts = stack.facts
    headers = {"authorization": f"Bearer {facts['api_token']}"}
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        answer = await client.get(f"{facts['base_url']}/api/v1/calls/{call_sid}/recording", headers=headers)
        link = (answer.json().get("data") or {}).get("url", "")
        sound = await client.get(link) if link else None
    played = 0 if sound is None or sound.is_error else len(sound.content)
    step.expect(
        f"the recording of a restored call is played by its link: {played} bytes",
        is_so=played > expected_bytes,
        otherwise=f"the recording of {call_sid} cannot be played: {answer.status_code}, {played} bytes",
    )


async def _go_on(copy: PlatformCopy, stack: RunningStack, expected: Expected, step: Step) -> None:
    async with WhatsAppUser(stack.whatsapp_number, wa_id=expected.user_id) as user:
        # Meta delivers again what it believes undelivered; messages of one user are dealt with in their order.
        again = user.text_message(expected.question, message_id=expected.question_id)
        await user.send(again)
        await user.say("Are you still there?")
        await user.hear(timeout_seconds=ANSWER_SECONDS)
        mine = await _answers_to(stack, user)
    step.expect("a new message is accepted and answered", is_so=mine > 0, otherwise="the new message got no answer")
    step.expect(
        "an answered message that its webhook delivers again is not answered again",
        is_so=mine == 1,
        otherwise=f"{mine} answers went out for one new message and one that had been answered",
    )
    await _look_into_context(copy, expected, step)
    for user_id, commit in expected.lost[:1]:
        await _deliver_again(stack, user_id, commit, step)


async def _answers_to(stack: RunningStack, user: WhatsAppUser) -> int:
    async with httpx.AsyncClient(base_url=stack.facts["simulator_url"], trust_env=False, timeout=10) as client:
        sent = (await client.get("/sent")).json()
    bodies = [each["body"] for each in sent if each["provider"] == "whatsapp" and each["provider_id"]]
    return sum(isinstance(body, dict) and str(body.get("to")) == user.messages.wa_id for body in bodies)


async def _look_into_context(copy: PlatformCopy, expected: Expected, step: Step) -> None:
    client = connect_cluster(copy.facts["redis_url"])
    try:
        contexts = RedisContextStore(client)
        key = ConversationKey(channel="whatsapp", user_id=expected.user_id)

        async def look() -> list[str] | None:
            kept = await contexts.load(key)
            return None if kept is None else [turn.text for turn in kept.turns]

        texts = await wait_for(look, seconds=ANSWER_SECONDS, otherwise="the cache holds no context")
    except NotRunning as error:
        step.problems.append(str(error))
        return
    finally:
        await client.aclose()
    step.expect(
        f"the empty cache was filled from PostgreSQL: {len(texts)} turns of context, those before the disaster too",
        is_so=expected.question in texts,
        otherwise="the context that was built for the new message lacks what was said before the disaster",
    )


async def _deliver_again(stack: RunningStack, user_id: str, lost: Commit, step: Step) -> None:
    async with WhatsAppUser(stack.whatsapp_number, wa_id=user_id) as user:
        before = await _answers_to(stack, user)
        await user.send(user.text_message("A question that was lost", message_id=lost.key.partition(" ")[2]))

        async def look() -> int | None:
            answers = await _answers_to(stack, user) - before
            return answers or None

        answers = await wait_for(look, seconds=ANSWER_SECONDS, otherwise="the lost message was not answered")
    step.expect(
        "a message that was accepted and lost is answered when its webhook is delivered again",
        is_so=answers == 1,
        otherwise=f"the lost message was answered {answers} times",
    )
    await asyncio.sleep(0)
