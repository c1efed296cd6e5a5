"""Secrets are changed while calls and messages flow: nothing is lost, nothing doubled, and no process starts anew."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.aws_resources import aws_client
from local.simulators.phone import PhoneCall
from local.simulators.phone_line import PhoneLine, WebhookSender
from local.simulators.whatsapp_user import MessageRefused, TwilioWhatsAppUser, WhatsAppNumber, WhatsAppUser
from tests.end_to_end.platform import Platform, eventually, running_platform

pytestmark = pytest.mark.integration
META_USERS = [f"9198000{number:05}" for number in range(70000, 70004)]
TWILIO_USERS = [f"9198000{number:05}" for number in range(71000, 71003)]
CALLERS = [f"+9198000{number:05}" for number in range(72000, 72002)]
PAUSE_SECONDS = 0.8
"""Between two messages of one user; the rate limit is far away."""
MESSAGES_BETWEEN = 20
"""Are taken from all users together between two steps of a rotation."""


@pytest.fixture(scope="module")
def own_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A copy whose secrets nobody else needs."""
    settings = {
        "LANGUAGE_MODEL": "scripted",
        "EMBEDDINGS": "none",
        "SPEECH_TO_TEXT": "scripted",
        "TEXT_TO_SPEECH": "scripted",
        "VAANI_STREAM_TASKS": "1",
        "REQUESTS_PER_MINUTE": "10000",
    }
    with running_platform(tmp_path_factory.mktemp("rotation"), **settings) as platform:
        yield platform


@dataclass
class Providers:
    """Twilio and Meta with the secrets of the moment, and those who write and call by way of them."""

    platform: Platform
    number: WhatsAppNumber
    line: PhoneLine
    written: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    is_over: bool = False

    async def change(self, path: str, **values: str) -> None:
        """Give the simulated provider new secrets."""
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            answer = await client.put(f"{self.platform.facts['simulator_url']}{path}", json=values)
        assert answer.status_code == 204, answer.text

    async def write_to_meta(self, user_id: str) -> None:
        """Write and write; a refused post is delivered again, as Meta does for days."""
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            while not self.is_over:
                message = WhatsAppUser(self.number, wa_id=user_id, client=client).text_message(f"Hello {uuid()}")
                while not await self._is_taken(WhatsAppUser(self.number, wa_id=user_id, client=client), message):
                    await asyncio.sleep(PAUSE_SECONDS)
                self.written[user_id] += 1
                await asyncio.sleep(PAUSE_SECONDS)

    async def _is_taken(self, user: WhatsAppUser, message: dict[str, Any]) -> bool:
        try:
            await user.send(message)
        except MessageRefused:
            self.refused["meta"] += 1
            return False
        return True

    async def write_to_twilio(self, user_id: str) -> None:
        """Write and write; what Twilio is refused is lost, for it asks only once."""
        facts = self.platform.facts
        while not self.is_over:
            user = TwilioWhatsAppUser(
                base_url=facts["base_url"],
                simulator_url=facts["simulator_url"],
                account_sid=facts["twilio_account_sid"],
                auth_token=self.line.auth_token,
                wa_id=user_id,
            )
            async with user:
                await user.say(f"Hello {uuid()}")
            self.written[user_id] += 1
            await asyncio.sleep(PAUSE_SECONDS)

    async def call(self, caller: str) -> None:
        """Call, hear the greeting, hang up, and call again."""
        while not self.is_over:
            async with PhoneCall(self.line, caller=caller) as call:
                await call.listen_until_silence()
                assert call.protocol_errors == []
            self.calls += 1

    async def go_on(self) -> None:
        """Return when many more messages and a call have been taken."""
        messages, calls = self.written.total() + MESSAGES_BETWEEN, self.calls + 1

        async def have_come() -> bool | None:
            return (self.written.total() >= messages and self.calls >= calls) or None

        await eventually(have_come, seconds=120)


def uuid() -> str:
    """So that no two messages have the same words."""
    return secrets.token_hex(6)


@asynccontextmanager
async def load(platform: Platform) -> AsyncIterator[Providers]:
    """Users of both providers write, and callers call, until the block is left."""
    stack = platform.stack()
    providers = Providers(platform, stack.whatsapp_number, stack.phone_line)
    async with asyncio.TaskGroup() as group:
        for user_id in META_USERS:
            group.create_task(providers.write_to_meta(user_id))
        for user_id in TWILIO_USERS:
            group.create_task(providers.write_to_twilio(user_id))
        for caller in CALLERS:
            group.create_task(providers.call(caller))
        await providers.go_on()
        yield providers
        providers.is_over = True


def change_secret(platform: Platform, **values: str) -> None:
    """Put fields into the provider secret, as an operator does."""
    client = aws_client("secretsmanager", platform.facts["aws_endpoint_url"])
    (listed,) = [found for found in client.list_secrets()["SecretList"] if found["Name"].endswith("/ProviderSecret")]
    known = json.loads(client.get_secret_value(SecretId=listed["Name"])["SecretString"])
    client.put_secret_value(SecretId=listed["Name"], SecretString=json.dumps({**known, **values}))


async def replies(platform: Platform) -> Counter[str]:
    """How many messages the providers accepted for each user."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        sent = (await client.get(f"{platform.facts['simulator_url']}/sent")).json()
    found: Counter[str] = Counter()
    for request in sent:
        body = request["body"]
        if not request["provider_id"] or not isinstance(body, dict):
            continue
        if body.get("type") == "text":
            found[body["to"]] += 1
        elif "Body" in body:
            found[body["To"].removeprefix("whatsapp:+")] += 1
    return found


async def assert_each_is_answered_once(providers: Providers) -> None:
    async def all_answered() -> Counter[str] | None:
        found = await replies(providers.platform)
        return found if all(found[user] >= count for user, count in providers.written.items()) else None

    found = await eventually(all_answered, seconds=180)
    assert {user: found[user] for user in providers.written} == dict(providers.written)


def processes(platform: Platform) -> dict[str, set[int]]:
    """The running processes by program."""
    pids = platform.facts["pids"]
    return {name: {found} if isinstance(found, int) else set(found) for name, found in pids.items()}


async def assert_refused_in_the_end(platform: Platform, number: WhatsAppNumber, line: PhoneLine) -> None:
    """Every process has noticed: several posts in a row with the secrets of before are refused on every way in."""
    in_a_row = 0

    async def are_refused() -> bool | None:
        nonlocal in_a_row
        statuses = [await knock_at_meta(platform, number), await knock_at_twilio(platform, line)]
        in_a_row = in_a_row + 1 if all(status in {401, 403} for status in statuses) else 0
        return in_a_row >= 10 or None

    await eventually(are_refused, seconds=90)


async def knock_at_meta(platform: Platform, number: WhatsAppNumber) -> int:
    """Post something unsigned, which makes the process look, then with this secret; its status."""
    await platform.post_meta(b"{}", signature="sha256=0")
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        user = WhatsAppUser(number, wa_id="919800079999", client=client)
        try:
            await user.say("With the old secret.")
        except MessageRefused as refusal:
            return int(str(refusal).split("answered ")[1][:3])
    return 200


async def knock_at_twilio(platform: Platform, line: PhoneLine) -> int:
    """The same for the webhook of calls' ends."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        # Processes take turns: three make each of two look.
        for token in (*["nobody's"] * 3, line.auth_token):
            sender = WebhookSender(client, auth_token=lambda: token)  # noqa: B023 - used at once
            answer = await sender.post(line.status_url, {"CallSid": "CA" + "0" * 32, "CallStatus": "completed"})
    return answer.status_code


@pytest.mark.requirement("5.2")
async def test_secrets_of_both_providers_change_under_load(own_platform: Platform) -> None:
    old_number, old_line = own_platform.stack().whatsapp_number, own_platform.stack().phone_line
    token, app_secret, access_token = uuid(), uuid(), uuid()

    async with load(own_platform) as providers:
        before = processes(own_platform)
        # Twilio: a secondary token is made, we learn it, it is promoted, and then the first one is forgotten.
        await providers.change("/tokens", primary=old_line.auth_token, secondary=token)
        change_secret(own_platform, twilio_auth_token=token, twilio_previous_auth_token=old_line.auth_token)
        await providers.go_on()
        await providers.change("/tokens", primary=token)
        providers.line = replace(old_line, auth_token=token)
        await providers.go_on()
        change_secret(own_platform, twilio_previous_auth_token="")
        # Meta: what it signs and takes changes all at once.
        change_secret(own_platform, whatsapp_app_secret=app_secret, whatsapp_access_token=access_token)
        await providers.change("/keys", whatsapp_app_secret=app_secret, whatsapp_access_token=access_token)
        providers.number = replace(old_number, app_secret=app_secret)
        await providers.go_on()

    await assert_each_is_answered_once(providers)
    await assert_refused_in_the_end(own_platform, old_number, old_line)
    after = processes(own_platform)
    assert {name: found - after[name] for name, found in before.items() if found - after[name]} == {}
    assert not any(
        value.encode() in log.read_bytes() for value in (token, app_secret, access_token) for log in logs(own_platform)
    )


def logs(platform: Platform) -> list[Path]:
    """The logs of every program."""
    return [path for path in Path(platform.facts["logs"]).rglob("*") if path.is_file()]
