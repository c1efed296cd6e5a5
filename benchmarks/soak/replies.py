"""Which reply answers which message: what the provider was sent, joined to what the database says of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import httpx

from benchmarks.soak.message_load import MessageLoad
from benchmarks.soak.observations import Kind, Observations
from benchmarks.soak.stores import Stores, StoreSilent

LOOK_SECONDS = 2.0
ASKED_AT_ONCE = 500


class ReplyWatch:
    """Follows the provider's list of accepted requests."""

    def __init__(
        self, simulator: httpx.AsyncClient, load: MessageLoad, stores: Stores, observations: Observations
    ) -> None:
        self._client = simulator
        self._load = load
        self._stores = stores
        self._observations = observations
        self._last_number = 0
        self._sent_at: dict[str, float] = {}
        """Of replies that are not yet joined to their message, by the provider's id; seconds since 1970."""

    async def run(self) -> None:
        """Watch until cancelled."""
        self._last_number = int((await self._client.get("/health")).json()["last_sent"])
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Note the replies that were sent since the last look."""
        # A connection that was idle too long on a busy machine may be gone; the next look sees the same.
        with suppress(httpx.TransportError, StoreSilent):
            sent = (await self._client.get("/sent", params={"after": self._last_number})).json()
            for request in sent:
                self._last_number = request["number"]
                self._note_sent(request)
            waiting = list(self._load.written_at)[:ASKED_AT_ONCE]
            if waiting:
                self._join(await self._stores.run(lambda: self._stores.replies_to(waiting)))

    def _note_sent(self, request: Mapping[str, Any]) -> None:
        body = request["body"]
        if request["provider"] == "whatsapp" and request["provider_id"] and isinstance(body, dict) and body.get("to"):
            self._observations.count("replies sent")
            self._sent_at[request["provider_id"]] = datetime.fromisoformat(request["at"]).timestamp()

    def _join(self, answered: Mapping[str, str]) -> None:
        """Take what is answered off the list of those who wait; several messages may share a reply."""
        joined = [(message, reply) for message, reply in answered.items() if reply in self._sent_at]
        for message, reply in joined:
            written_at = self._load.written_at.pop(message)
            self._observations.count("messages answered")
            elapsed_ms = (self._sent_at[reply] - written_at) * 1000
            at_seconds = self._observations.now_seconds - (time.time() - written_at)
            self._observations.took(Kind.REPLY, elapsed_ms, at_seconds=at_seconds)
        for _, reply in joined:
            self._sent_at.pop(reply, None)
