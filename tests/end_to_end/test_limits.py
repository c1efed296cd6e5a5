"""Limits and blocks through the front door: what senders are told, whoever they claim to be, and whether it is true."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import Counter
from typing import Any

import httpx
import pytest

from local.simulators.signatures import sign_twilio
from shared.adapters.redis.client import connect_cluster
from tests.end_to_end.platform import Platform
from tests.provider_requests import META_PATH, TWILIO_PATH, messages_value, notification, text_message

pytestmark = pytest.mark.integration
LIMIT = 100
FAILURES_BEFORE_BLOCK = 10
FORGED_FORWARDED = (
    "203.0.113.7",
    "203.0.113.7, 198.51.100.9, 10.0.0.1",
    "2001:db8::1",
    "unknown, 'or 1=1 --",
    ",,,,",
    "1.1.1.1," * 200,
)
"""What a client may claim about where a request comes from."""


def new_user() -> str:
    """Somebody whom no other test knows."""
    return f"9196{secrets.randbelow(10**8):08d}"


def client_from(platform: Platform, address: str = "127.0.0.1") -> httpx.AsyncClient:
    """A client with an address of its own, as the front door sees it."""
    transport = httpx.AsyncHTTPTransport(local_address=address, limits=httpx.Limits(max_connections=12))
    return httpx.AsyncClient(base_url=platform.facts["base_url"], transport=transport, trust_env=False, timeout=60)


async def write_by_twilio(platform: Platform, client: httpx.AsyncClient, user: str, number: int) -> httpx.Response:
    """One signed message of the user."""
    facts = platform.facts
    form = {
        "MessageSid": f"SM{secrets.token_hex(16)}",
        "AccountSid": facts["twilio_account_sid"],
        "From": f"whatsapp:+{user}",
        "To": "whatsapp:+912240000000",
        "WaId": user,
        "Body": f"Message {number}",
        "NumMedia": "0",
    }
    signature = sign_twilio(f"{facts['base_url']}{TWILIO_PATH}", form, facts["twilio_auth_token"])
    return await client.post(TWILIO_PATH, data=form, headers={"x-twilio-signature": signature})


async def pass_time(platform: Platform, user: str, *, seconds: int) -> None:
    """Let the user's last minute look as it will then."""
    name = f"passed:{{twilio-whatsapp:{user}}}:60"
    cache: Any = connect_cluster(platform.facts["redis_url"])
    try:
        head, *passed = [entry.decode() for entry in await cache.lrange(name, 0, -1)]
        await cache.delete(name)
        await cache.rpush(name, head, *(str(int(at_ms) - seconds * 1000) for at_ms in passed))
    finally:
        await cache.aclose()


async def forge(client: httpx.AsyncClient, forwarded: str = "", *, path: str = META_PATH) -> httpx.Response:
    """An unsigned post from somewhere else, as it claims."""
    headers = {"content-type": "application/json", "x-hub-signature-256": f"sha256={'0' * 64}"}
    headers |= {"x-forwarded-for": forwarded} if forwarded else {}
    return await client.post(path, content=b"{}", headers=headers)


@pytest.mark.requirement("6.4")
@pytest.mark.requirement("12.1")
@pytest.mark.requirement("12.2")
async def test_of_one_users_messages_at_once_exactly_a_hundred_are_taken_and_the_wait_told_to_the_others_is_true(
    scripted_platform: Platform,
) -> None:
    user = new_user()
    async with client_from(scripted_platform) as client:
        answers = await asyncio.gather(
            *(write_by_twilio(scripted_platform, client, user, number) for number in range(LIMIT + 30))
        )
        refused = [answer for answer in answers if answer.status_code == 429]
        wait_seconds = max(int(answer.headers["retry-after"]) for answer in refused)
        await pass_time(scripted_platform, user, seconds=wait_seconds)
        later = await write_by_twilio(scripted_platform, client, user, LIMIT + 31)

    assert Counter(answer.status_code for answer in answers) == {200: LIMIT, 429: 30}
    assert {answer.json()["error"]["code"] for answer in refused} == {"rate_limited"}
    assert all(0 < int(answer.headers["retry-after"]) <= 60 for answer in refused)
    assert later.status_code == 200


@pytest.mark.requirement("12.1")
async def test_a_post_of_several_users_is_taken_as_long_as_one_of_them_is_within_the_limit(
    scripted_platform: Platform,
) -> None:
    busy, other = new_user(), new_user()
    crowd = [text_message(user=busy, number=number) for number in range(LIMIT)]

    async def post(*messages: dict[str, object]) -> int:
        body = json.dumps(notification(messages_value(*messages))).encode()
        return (await scripted_platform.post_meta(body)).status_code

    assert await post(*crowd) == 200
    assert await post(text_message(user=busy, number=LIMIT + 1)) == 429
    assert await post(text_message(user=busy, number=LIMIT + 2), text_message(user=other)) == 200


@pytest.mark.requirement("6.5")
async def test_a_forger_is_shut_out_whatever_it_claims_about_its_address_and_shuts_out_nobody_else(
    scripted_platform: Platform,
) -> None:
    async with client_from(scripted_platform, "127.0.0.61") as forger, client_from(scripted_platform) as victim:
        answers = [
            await forge(forger, FORGED_FORWARDED[number % len(FORGED_FORWARDED)])
            for number in range(FAILURES_BEFORE_BLOCK + 6)
        ]
        others = await forge(victim, path=f"{META_PATH}")
        elsewhere = await forge(forger, path=TWILIO_PATH)

    assert [answer.status_code for answer in answers] == [401] * FAILURES_BEFORE_BLOCK + [403] * 6
    blocked = answers[-1]
    assert blocked.json()["error"]["code"] == "blocked"
    assert 840 < int(blocked.headers["retry-after"]) <= 900
    # Neither another address nor another path is shut out by it.
    assert (others.status_code, elsewhere.status_code) == (401, 401)


@pytest.mark.requirement("6.5")
async def test_of_forged_requests_at_once_exactly_ten_are_not_yet_shut_out(scripted_platform: Platform) -> None:
    async with client_from(scripted_platform, "127.0.0.62") as forger:
        answers = await asyncio.gather(*(forge(forger, f"203.0.113.{number}") for number in range(40)))

    assert Counter(answer.status_code for answer in answers) == {401: FAILURES_BEFORE_BLOCK, 403: 30}


@pytest.mark.requirement("6.5")
async def test_who_guesses_the_token_of_the_handshake_is_shut_out(scripted_platform: Platform) -> None:
    async with client_from(scripted_platform, "127.0.0.63") as guesser:
        answers = [
            await guesser.get(
                META_PATH,
                params={"hub.mode": "subscribe", "hub.verify_token": f"guess-{number}", "hub.challenge": "1"},
            )
            for number in range(FAILURES_BEFORE_BLOCK + 1)
        ]

    told = [(answer.status_code, answer.json()["error"]["code"]) for answer in answers]
    assert told == [(403, "forbidden")] * FAILURES_BEFORE_BLOCK + [(403, "blocked")]


@pytest.mark.requirement("6.5")
async def test_whoever_can_sign_is_served_at_an_address_that_is_shut_out_and_opens_it_again(
    scripted_platform: Platform,
) -> None:
    async with client_from(scripted_platform, "127.0.0.64") as client:
        for _ in range(FAILURES_BEFORE_BLOCK + 1):
            last = await forge(client, path=TWILIO_PATH)
        served = await write_by_twilio(scripted_platform, client, new_user(), 1)
        after = await forge(client, path=TWILIO_PATH)

    assert (last.status_code, served.status_code, after.status_code) == (403, 200, 401)


@pytest.mark.requirement("6.5")
@pytest.mark.parametrize("topic", ["incoming", "status", "recover", "machine-detection", "transfer-result"])
async def test_every_voice_webhook_shuts_forgers_out(scripted_platform: Platform, topic: str) -> None:
    async with client_from(scripted_platform, "127.0.0.65") as forger:
        answers = [
            await forger.post(f"/webhooks/voice/{topic}", data={"CallSid": "CA1"})
            for _ in range(FAILURES_BEFORE_BLOCK + 1)
        ]

    assert [answer.status_code for answer in answers] == [401] * FAILURES_BEFORE_BLOCK + [403]
