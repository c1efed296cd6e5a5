"""Keys are fetched rarely, found again while the provider is down, and never fetched at a forger's pace."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from shared import errors
from shared.adapters.identity.signing_keys import KEPT_SECONDS, LARGEST_BYTES, REFETCH_SECONDS, SigningKeys
from tests.fakes.identity_provider import JWKS_URL, IdentityProvider


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def provider() -> IdentityProvider:
    return IdentityProvider()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(provider: IdentityProvider, clock: Clock) -> SigningKeys:
    return SigningKeys(JWKS_URL, transport=provider.transport(), clock=clock)


async def test_keys_are_fetched_once_an_hour(keys: SigningKeys, provider: IdentityProvider, clock: Clock) -> None:
    for _ in range(3):
        assert await keys.find("first")
    clock.now += KEPT_SECONDS
    assert await keys.find("first")

    assert provider.requests == 2


async def test_a_new_key_is_found_without_waiting_for_the_hour(
    keys: SigningKeys, provider: IdentityProvider, clock: Clock
) -> None:
    await keys.find("first")
    provider.add_key("second")
    clock.now += REFETCH_SECONDS

    assert await keys.find("second")


async def test_forged_key_ids_cause_one_fetch_a_minute(
    keys: SigningKeys, provider: IdentityProvider, clock: Clock
) -> None:
    await keys.find("first")
    clock.now += REFETCH_SECONDS

    found = [await keys.find(f"forged-{number}") for number in range(20)]

    assert found == [None] * 20
    assert provider.requests == 2


async def test_known_keys_outlive_an_outage(keys: SigningKeys, provider: IdentityProvider, clock: Clock) -> None:
    await keys.find("first")
    provider.is_down = True
    clock.now += 10 * KEPT_SECONDS

    assert await keys.find("first")


async def test_nobody_with_a_known_key_waits_for_a_provider_that_does_not_answer(
    provider: IdentityProvider, clock: Clock
) -> None:
    asked, is_over = asyncio.Event(), asyncio.Event()
    usual = provider.transport()

    async def answer(request: httpx.Request) -> httpx.Response:
        if clock.now > 1000:
            asked.set()
            await is_over.wait()
        return await usual.handle_async_request(request)

    keys = SigningKeys(JWKS_URL, transport=httpx.MockTransport(answer), clock=clock)
    await keys.find("first")
    clock.now += KEPT_SECONDS
    waiting = asyncio.create_task(keys.find("first"))
    await asked.wait()

    async with asyncio.timeout(5):
        assert await keys.find("first")

    is_over.set()
    assert await waiting


async def test_without_any_key_nobody_is_let_in_until_the_provider_is_back(
    keys: SigningKeys, provider: IdentityProvider
) -> None:
    provider.is_down = True
    with pytest.raises(errors.IdentityUnavailable):
        await keys.find("first")

    provider.is_down = False

    assert await keys.find("first")


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(500),
        httpx.Response(302, headers={"location": "https://evil.example"}),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"keys": "none"}),
        httpx.Response(200, content=b" " * (LARGEST_BYTES + 1)),
    ],
    ids=["error", "redirect", "page", "wrong shape", "too large"],
)
async def test_an_unusable_answer_counts_as_none(response: httpx.Response) -> None:
    keys = SigningKeys(JWKS_URL, transport=httpx.MockTransport(lambda _request: response))

    with pytest.raises(errors.IdentityUnavailable):
        await keys.find("first")


async def test_keys_for_other_purposes_are_passed_over(provider: IdentityProvider) -> None:
    (usable,) = provider.published()["keys"]
    published = [
        {"kty": "oct", "kid": "shared", "k": "c2VjcmV0"},
        usable | {"kid": "for-encryption", "use": "enc"},
        {"kty": "RSA", "kid": "broken", "use": "sig"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
    ]
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, json={"keys": published}))
    keys = SigningKeys(JWKS_URL, transport=transport)

    assert [await keys.find(name) for name in ("shared", "for-encryption", "broken")] == [None, None, None]
