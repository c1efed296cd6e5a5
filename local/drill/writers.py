"""WhatsApp users who write all the time, with duplicates; and the provider's list of what was sent to them."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import time
from typing import Any

import httpx

from local.drill.identities import Identities
from local.drill.notes import Notes, Request, SentReply, WrittenMessage
from local.running_stack import RunningStack
from local.simulators.webhook_delivery import WebhookDelivery
from local.simulators.whatsapp_user import MessageRefused, WhatsAppUser

MOST_IN_FLIGHT = 2
"""A user writes on while at most so many messages are unanswered."""

THOUGHT_SECONDS = (3.0, 5.0)
RETRY_SECONDS = (0.2, 0.5, *(1.0,) * 60)
"""Often, so that the moment of recovery is seen; Meta's pauses grow."""

POLL_SECONDS = 0.2
PAGE_PAUSE_SECONDS = 1.0
TOKEN = re.compile(r"t\d{6}")


class NotingTransport(httpx.AsyncHTTPTransport):
    """Notes every answer, and that none came."""

    def __init__(self, notes: list[Request]) -> None:
        super().__init__()
        self._notes = notes

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and note what came of it."""
        status = None
        try:
            response = await super().handle_async_request(request)
            status = response.status_code
        finally:
            self._notes.append(Request(at=time.monotonic(), status=status))
        return response


class Writers:
    """All users, each at an own pace."""

    def __init__(self, identities: Identities, notes: Notes, *, user_ids: list[str], seed: int) -> None:
        self._identities = identities
        self._notes = notes
        self._user_ids = user_ids
        self._randomness = random.Random(seed)  # noqa: S311 - it guards nothing.
        self._last_token = 0
        self._deliveries: list[WebhookDelivery] = []
        self.are_writing = asyncio.Event()
        """While it is set; cleared, they finish their message and wait."""

    async def write(self) -> None:
        """Write until cancelled."""
        transport = NotingTransport(self._notes.posts)
        async with httpx.AsyncClient(transport=transport, trust_env=False) as client, asyncio.TaskGroup() as group:
            for user_id in self._user_ids:
                group.create_task(self._write_as(user_id, client))

    async def settle(self) -> None:
        """Return when every duplicate has been delivered."""
        for delivery in self._deliveries:
            with contextlib.suppress(MessageRefused, httpx.HTTPError):
                await delivery.settle()

    async def _write_as(self, user_id: str, client: httpx.AsyncClient) -> None:
        delivery = WebhookDelivery(
            retry_seconds=RETRY_SECONDS,
            most_copies=2,
            spread_seconds=3.0,
            randomness=random.Random(self._randomness.random()),  # noqa: S311
        )
        self._deliveries.append(delivery)
        while True:
            await asyncio.sleep(self._randomness.uniform(*THOUGHT_SECONDS))
            await self.are_writing.wait()
            if self._unanswered(user_id) >= MOST_IN_FLIGHT:
                continue
            user = WhatsAppUser(self._identities.number, wa_id=user_id, delivery=delivery, client=client)
            message = self._new_message(user_id, user)
            with contextlib.suppress(MessageRefused, httpx.HTTPError):
                await user.send(message)
                token = TOKEN.search(str(message["text"]))
                assert token is not None
                self._notes.messages[token[0]].accepted_at = time.monotonic()

    def _new_message(self, user_id: str, user: WhatsAppUser) -> dict[str, Any]:
        self._last_token += 1
        token = f"t{self._last_token:06}"
        message = dict(user.text_message(f"When are you open? {token}"))
        self._notes.messages[token] = WrittenMessage(
            token=token, message_id=str(message["id"]), user=user_id, written_at=time.monotonic()
        )
        return message

    def _unanswered(self, user_id: str) -> int:
        mine = (message for message in self._notes.messages.values() if message.user == user_id)
        return sum(message.accepted_at is not None and not message.replies_at for message in mine)


class ProviderWatch:
    """Reads the provider's list of sent messages: the witness that the platform cannot influence."""

    def __init__(self, simulator_url: str, notes: Notes) -> None:
        self._simulator_url = simulator_url
        self._notes = notes
        self.sent: list[SentReply] = []
        """Each message that the provider took."""

    async def watch(self) -> None:
        """Look until cancelled."""
        last_number = 0
        async with httpx.AsyncClient(base_url=self._simulator_url, trust_env=False, timeout=10) as client:
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    answer = await client.get("/sent", params={"after": last_number})
                    for request in answer.json():
                        last_number = request["number"]
                        self._note(request)
                await asyncio.sleep(POLL_SECONDS)

    def _note(self, request: dict[str, Any]) -> None:
        body = request["body"]
        if not (request["provider_id"] and isinstance(body, dict) and body.get("to")):
            return
        text = str((body.get("text") or {}).get("body", ""))
        now = time.monotonic()
        token = TOKEN.search(text)
        named = None if token is None else token[0]
        self.sent.append(SentReply(at=now, provider_id=request["provider_id"], token=named))
        message = self._answered(str(body["to"]), named)
        if message is not None:
            message.replies_at.append(now)

    def _answered(self, user_id: str, token: str | None) -> WrittenMessage | None:
        """Which message the reply belongs to; words without a token answer what is oldest."""
        if token is not None:
            return self._notes.messages.get(token)
        mine = (message for message in self._notes.messages.values() if message.user == user_id)
        return next((message for message in mine if message.accepted_at and not message.replies_at), None)


async def read_pages(stack: RunningStack, notes: Notes) -> None:
    """Ask the API for a page again and again, as an open console does, until cancelled."""
    facts = stack.facts
    transport = NotingTransport(notes.pages)
    headers = {"authorization": f"Bearer {facts['admin_token']}"}
    async with httpx.AsyncClient(
        base_url=facts["base_url"], transport=transport, trust_env=False, timeout=10, headers=headers
    ) as client:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                await client.get("/api/v1/conversations", params={"limit": "5"})
            await asyncio.sleep(PAGE_PAUSE_SECONDS)
