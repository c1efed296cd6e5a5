"""A provider repeats what is refused, and may deliver twice and in any order."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable

import httpx
import pytest

from local.simulators.webhook_delivery import MessageRefused, WebhookDelivery

REFUSED_TWICE = (503, 500, 200)


def platform(*statuses: int) -> tuple[Callable[[], Awaitable[httpx.Response]], list[int]]:
    """Answers posts with these statuses one after the other, then with 200; 0 is no answer."""
    posted: list[int] = []

    async def post() -> httpx.Response:
        status = statuses[len(posted)] if len(posted) < len(statuses) else 200
        posted.append(status)
        if status == 0:
            raise httpx.ConnectError("gone")
        return httpx.Response(status)

    return post, posted


async def test_refused_webhook_is_posted_until_it_is_taken() -> None:
    post, posted = platform(503, 0, 500, 200)

    response = await WebhookDelivery(retry_seconds=(0, 0, 0, 0)).deliver(post)

    assert (response.status_code, posted) == (200, [503, 0, 500, 200])


async def test_webhook_that_is_never_taken_is_told() -> None:
    post, _ = platform(503, 503, 503)

    with pytest.raises(MessageRefused, match="503"):
        await WebhookDelivery(retry_seconds=(0, 0)).deliver(post)


async def test_refusal_is_final_by_default() -> None:
    post, posted = platform(*REFUSED_TWICE)

    with pytest.raises(MessageRefused):
        await WebhookDelivery().deliver(post)

    assert posted == [503]


async def test_copies_follow_up_to_the_number_asked_for() -> None:
    delivery = WebhookDelivery(most_copies=3, randomness=random.Random(1))
    posts = [platform() for _ in range(100)]

    for post, _ in posts:
        await delivery.deliver(post)
    await delivery.settle()

    assert Counter(len(posted) for _, posted in posts).keys() == {1, 2, 3}
    assert delivery.posted == sum(len(posted) for _, posted in posts)


async def test_posts_can_come_in_another_order() -> None:
    arrived: list[int] = []

    def post(number: int) -> Callable[[], Awaitable[httpx.Response]]:
        async def send() -> httpx.Response:
            arrived.append(number)
            return httpx.Response(200)

        return send

    await WebhookDelivery(randomness=random.Random(1)).deliver_in_any_order([post(number) for number in range(20)])

    assert arrived != sorted(arrived)
    assert sorted(arrived) == list(range(20))
