"""Providers whose secrets are changed sign with the new ones, and let nobody in who comes with the old ones."""

from __future__ import annotations

import httpx

from tests.local.simulators.conftest import ACCOUNT_SID, AUTH_TOKEN

MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"


async def listed(simulator_url: str, token: str) -> int:
    """The status of a question to Twilio with this token."""
    async with httpx.AsyncClient(base_url=simulator_url, auth=(ACCOUNT_SID, token), trust_env=False) as client:
        return (await client.get(MESSAGES)).status_code


async def test_a_secondary_token_opens_twilio_before_it_is_promoted_and_the_first_one_no_longer_after(
    twilio: httpx.AsyncClient, simulator_url: str
) -> None:
    await twilio.put("/tokens", json={"primary": AUTH_TOKEN, "secondary": "the-next"})
    before = [await listed(simulator_url, token) for token in (AUTH_TOKEN, "the-next", "nobody's")]

    await twilio.put("/tokens", json={"primary": "the-next"})
    after = [await listed(simulator_url, token) for token in (AUTH_TOKEN, "the-next", "")]

    assert before == [200, 200, 401]
    assert after == [401, 200, 401]


async def test_a_token_of_meta_that_was_changed_opens_nothing(graph: httpx.AsyncClient) -> None:
    keys = {"whatsapp_app_secret": "another-secret", "whatsapp_access_token": "another-token"}

    changed = await graph.put("/keys", json=keys)
    answer = await graph.post("/v26.0/100000000000001/messages", json={})

    assert changed.status_code == 204
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, 190)


async def test_unusable_secrets_are_refused(twilio: httpx.AsyncClient) -> None:
    answers = [await twilio.put(path, json={"nonsense": 1}) for path in ("/tokens", "/keys")]

    assert [answer.status_code for answer in answers] == [400, 400]
