"""Posts WhatsApp messages at a fixed rate, some of them twice, whatever the answers take."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from typing import Any

from benchmarks.messages.load import WEBHOOK_PATH, Poster, message_post, new_message_id
from benchmarks.soak.observations import Kind, Observations
from benchmarks.soak.plan import SoakPlan

OK = 200


class MessageLoad:
    """All the writers."""

    def __init__(self, stack: Mapping[str, Any], plan: SoakPlan, observations: Observations) -> None:
        self._stack = stack
        self._plan = plan
        self._observations = observations
        self._randomness = random.Random(plan.seed)  # noqa: S311 - it guards nothing.
        self._poster = Poster(stack["base_url"])
        self._is_stopped = False
        self.written_at: dict[str, float] = {}
        """When each message was due that was accepted and whose reply has not been seen; seconds since 1970."""

    async def run(self) -> None:
        """Post until stopped; returns when everything has been answered by the webhook."""
        try:
            async with asyncio.TaskGroup() as posting:
                await self._post_at_rate(posting)
        finally:
            self._poster.close()

    async def _post_at_rate(self, posting: asyncio.TaskGroup) -> None:
        began = time.perf_counter()
        number = 0
        while not self._is_stopped:
            due = began + number / self._plan.messages_per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            posting.create_task(self._write(number % self._plan.users, due=due))
            number += 1

    def stop(self) -> None:
        """Write nothing more."""
        self._is_stopped = True

    @property
    def oldest_seconds(self) -> float:
        """How long the oldest accepted message has been waiting for its reply."""
        return time.time() - min(self.written_at.values(), default=time.time())

    async def _write(self, user: int, *, due: float) -> None:
        message_id = new_message_id()
        written_at = time.time() - (time.perf_counter() - due)
        request = message_post(
            message_id,
            user,
            phone_number_id=self._stack["whatsapp_phone_number_id"],
            app_secret=self._stack["whatsapp_app_secret"],
            base_url=self._stack["base_url"],
        )
        if await self._post(request, due=due):
            self._observations.count("messages")
            self.written_at[message_id] = written_at
            if self._randomness.random() < self._plan.duplicate_share:
                await asyncio.sleep(self._randomness.uniform(0, self._plan.duplicate_within_seconds))
                self._observations.count("duplicates")
                await self._post(request, due=time.perf_counter())

    async def _post(self, request: bytes, *, due: float) -> bool:
        try:
            posted = await self._poster.post(request, due=due)
        except (OSError, EOFError) as error:
            self._observations.fail("posts refused", f"{WEBHOOK_PATH}: {type(error).__name__}")
            return False
        if posted.status != OK:
            self._observations.fail("posts refused", f"{WEBHOOK_PATH}: {posted.status}")
            return False
        self._observations.took(Kind.WEBHOOK, posted.latency_ms)
        return True
