"""Live updates as a front end gets them: by the front door, from whichever task answers."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack, aclosing
from typing import Any, Self

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from local.simulators.phone import PhoneCall
from local.simulators.whatsapp_user import WhatsAppUser
from local.updates_reader import UpdatesReader
from tests.end_to_end.platform import Platform, eventually
from tests.end_to_end.test_survival import tasks
from tests.stream_service.listening.utterances import recorded_utterances

pytestmark = pytest.mark.integration


async def ticket(platform: Platform) -> str:
    facts = platform.facts
    headers = {"authorization": f"Bearer {facts['api_token']}"}
    async with httpx.AsyncClient(base_url=facts["base_url"], trust_env=False, timeout=10) as client:
        answer = await client.post("/api/v1/updates-ticket", headers=headers)
    return str(answer.json()["data"]["ticket"])


def socket(platform: Platform, used: str, **options: Any) -> connect:
    return connect(f"{platform.facts['media_url']}/updates?ticket={used}", proxy=None, **options)


async def two_tasks(platform: Platform) -> bool | None:
    """Whether both tasks serve."""
    return len(await tasks(platform)) == 2 or None


class Watching:
    """Reads updates in the background."""

    def __init__(self, platform: Platform) -> None:
        self.said: list[str] = []
        self.heard: list[dict[str, Any]] = []
        self._reader = UpdatesReader(platform.facts, say=self.said.append)
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._read())
        await self.until(lambda: self.said)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})

    async def until(self, holds: Callable[[], object], *, seconds: float = 30) -> None:
        async with asyncio.timeout(seconds):
            while not holds():
                await asyncio.sleep(0.05)

    def types(self, **facts: str) -> list[str]:
        return [each["type"] for each in self.heard if facts.items() <= each.items()]

    def has_heard_both_answers(self) -> bool:
        """Also that both were read."""
        own = [each for each in self.heard if each["user_id"] == "919800000903"]
        return [each["data"].get("status") for each in own if each["type"] == "message.status"].count("read") == 2

    async def _read(self) -> None:
        async with aclosing(self._reader.events()) as events:  # type: ignore[type-var]  # an iterator that closes
            async for event in events:
                self.heard.append(event)


@pytest.mark.requirement("13.3")
async def test_a_message_and_its_answer_show_up_as_they_happen(platform: Platform) -> None:
    async with Watching(platform) as watching:
        async with WhatsAppUser(platform.stack().whatsapp_number, wa_id="919800000901") as user:
            await user.say("Which days of the week is the clinic open?")
            await user.hear()
        await watching.until(lambda: "message.sent" in watching.types(user_id="919800000901"))

    own = [each for each in watching.heard if each["user_id"] == "919800000901"]
    assert {"message.received", "message.sent"} <= {each["type"] for each in own}
    assert len({each["conversation_id"] for each in own}) == 1
    assert {each["channel"] for each in own} == {"whatsapp"}


@pytest.mark.requirement("13.3")
async def test_a_call_shows_up_from_its_start_to_its_end(platform: Platform) -> None:
    async with Watching(platform) as watching:
        async with PhoneCall(platform.stack().phone_line, caller="+919800000902") as call:
            await call.listen_until_silence()
            await call.say(recorded_utterances()[0].mulaw)
            await call.listen_until_silence()
        await watching.until(lambda: "call.ended" in watching.types(user_id="919800000902"))

    types = watching.types(user_id="919800000902")
    assert types[0] == "call.started"
    assert types[-1] == "call.ended"
    assert "call.turn" in types


@pytest.mark.requirement("12.3")
async def test_a_users_fourth_socket_is_refused_whichever_task_has_the_other_three(platform: Platform) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(socket(platform, await ticket(platform)))

        with pytest.raises(InvalidStatus) as refused:
            await socket(platform, await ticket(platform))

    answer = refused.value.response
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert json.loads(answer.body or b"")["error"]["code"] == "rate_limited"


@pytest.mark.requirement("13.3")
async def test_a_ticket_is_good_for_one_socket(platform: Platform) -> None:
    used = await ticket(platform)
    async with socket(platform, used):
        pass

    with pytest.raises(InvalidStatus) as again:
        await socket(platform, used)

    assert again.value.response.status_code == 401


async def test_pages_of_others_get_no_socket(platform: Platform) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await socket(platform, await ticket(platform), origin="https://evil.example")

    assert refused.value.response.status_code == 403


async def test_a_reader_whose_task_is_killed_goes_on_at_the_other_one_and_misses_nothing(platform: Platform) -> None:
    await eventually(lambda: two_tasks(platform), seconds=180)

    # The front door gives each task one of them.
    async with Watching(platform) as one, Watching(platform) as other:
        async with WhatsAppUser(platform.stack().whatsapp_number, wa_id="919800000903") as user:
            await user.say("How can I pay my bill?")
            await user.hear()
            await one.until(lambda: "message.sent" in one.types(user_id="919800000903"))
            os.kill(platform.facts["pids"]["stream_service"], signal.SIGKILL)
            await user.say("And what does a consultation cost?")
            await user.hear()
        for watching in (one, other):
            await watching.until(watching.has_heard_both_answers, seconds=60)

    assert {watching.said.count("connected again") for watching in (one, other)} == {0, 1}
    own = [[each for each in watching.heard if each["user_id"] == "919800000903"] for watching in (one, other)]
    assert [each["id"] for each in own[0]] == [each["id"] for each in own[1]]
    assert [each["type"] for each in own[0]].count("message.received") == 2
    assert len({each["id"] for each in own[0]}) == len(own[0])
