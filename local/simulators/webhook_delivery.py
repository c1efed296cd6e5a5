"""How a provider delivers a webhook: again while it is refused, perhaps more than once, perhaps not in order.

Source: WhatsApp Business Platform, "Webhooks overview": retries with decreasing frequency, duplicates, no order.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence

import httpx

RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Meta goes on for days; here the last pause ends it."""

Post = Callable[[], Awaitable[httpx.Response]]
"""Posts one webhook."""


class MessageRefused(Exception):
    """The platform's webhook did not answer 200, as often as it was asked."""


class WebhookDelivery:
    """Delivers webhooks; by default once, promptly, and a refusal is final."""

    def __init__(
        self,
        *,
        retry_seconds: Sequence[float] = (),
        most_copies: int = 1,
        spread_seconds: float = 0.0,
        randomness: random.Random | None = None,
    ) -> None:
        """Every webhook comes 1 to `most_copies` times, the later copies within `spread_seconds` after the first."""
        self._retry_seconds = tuple(retry_seconds)
        self._most_copies = most_copies
        self._spread_seconds = spread_seconds
        self._randomness = randomness or random.Random()  # noqa: S311 - it guards nothing.
        self._copies: set[asyncio.Task[httpx.Response]] = set()
        self.posted = 0
        self.refused = 0
        """How many posts were not answered 200, or not answered."""

    async def deliver(self, post: Post) -> httpx.Response:
        """Post until it is taken; the copies follow by themselves.

        Raises:
            MessageRefused: it was never answered 200.
            httpx.HTTPError: the last attempt got no answer.
        """
        response = await self._post_until_taken(post)
        for _ in range(self._randomness.randint(1, self._most_copies) - 1):
            pause_seconds = self._randomness.uniform(0, self._spread_seconds)
            copy = asyncio.create_task(self._post_later(post, pause_seconds))
            self._copies.add(copy)
        return response

    async def deliver_in_any_order(self, posts: Sequence[Post]) -> None:
        """Deliver all of them, shuffled, several at a time; raises as `deliver`."""
        shuffled = list(posts)
        self._randomness.shuffle(shuffled)
        async with asyncio.TaskGroup() as group:
            for post in shuffled:
                group.create_task(self.deliver(post))

    async def settle(self) -> None:
        """Return when the copies have been delivered; raises as `deliver`."""
        copies, self._copies = self._copies, set()
        await asyncio.gather(*copies)

    async def _post_later(self, post: Post, pause_seconds: float) -> httpx.Response:
        await asyncio.sleep(pause_seconds)
        return await self._post_until_taken(post)

    async def _post_until_taken(self, post: Post) -> httpx.Response:
        for pause_seconds in self._retry_seconds:
            try:
                response = await self._post(post)
            except httpx.HTTPError:
                await asyncio.sleep(pause_seconds)
                continue
            if response.status_code == httpx.codes.OK:
                return response
            await asyncio.sleep(pause_seconds)
        response = await self._post(post)
        if response.status_code != httpx.codes.OK:
            raise MessageRefused(f"the webhook answered {response.status_code}: {response.text[:200]}")
        return response

    async def _post(self, post: Post) -> httpx.Response:
        self.posted += 1
        response = None
        try:
            response = await post()
        finally:
            self.refused += response is None or response.status_code != httpx.codes.OK
        return response
