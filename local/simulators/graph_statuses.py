"""The statuses that follow an accepted WhatsApp message, as Meta's webhooks carry them.

Source: WhatsApp Business Platform, "status messages webhook reference".
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from local.simulators.graph_errors import status_error
from local.simulators.meta_webhook import meta_headers, meta_webhook
from local.simulators.settings import SimulatorSettings
from local.simulators.status_player import POST_TIMEOUT_SECONDS, PostStatuses

UNDELIVERABLE = 131026
DAY_SECONDS = 86_400
WITH_CONVERSATION = frozenset({"sent", "delivered"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedMessage:
    """A message that has got its id. `category` is what it costs as, `failure` the number if it fails later."""

    message_id: str
    phone_number_id: str
    content: dict[str, Any]
    category: str = "service"
    failure: int | None = None

    def status(self, word: str) -> dict[str, object]:
        """One element of `statuses`."""
        details: dict[str, object] = {
            "id": self.message_id,
            "status": word,
            "timestamp": str(int(time.time())),
            **self._recipient(),
        }
        if self.content.get("biz_opaque_callback_data"):
            details["biz_opaque_callback_data"] = self.content["biz_opaque_callback_data"]
        if word == "failed":
            return details | {"errors": [status_error(self.failure or UNDELIVERABLE)]}
        if word in WITH_CONVERSATION:
            details["conversation"] = self._conversation(word)
        pricing = {"billable": True, "pricing_model": "PMP", "category": self.category, "type": "regular"}
        return details | {"pricing": pricing}

    def _recipient(self) -> dict[str, object]:
        to = str(self.content.get("to", "")).removeprefix("+")
        if self.content.get("recipient_type") == "group":
            return {"recipient_id": to, "recipient_type": "group"}
        return {"recipient_id": to} if to else {"recipient_user_id": str(self.content["recipient"])}

    def _conversation(self, word: str) -> dict[str, object]:
        user = self.content.get("to") or self.content.get("recipient")
        conversation_id = hashlib.sha256(f"{user}:{time.time() // DAY_SECONDS}".encode()).hexdigest()[:32]
        conversation: dict[str, object] = {"id": conversation_id, "origin": {"type": self.category}}
        if word == "sent":
            conversation["expiration_timestamp"] = str(int(time.time()) + DAY_SECONDS)
        return conversation


class GraphStatuses:
    """Posts statuses to the platform."""

    def __init__(self, settings: SimulatorSettings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client

    def of(self, message: AcceptedMessage) -> PostStatuses:
        """What posts statuses of this message."""

        async def post(words: Sequence[str]) -> httpx.Response:
            return await self._post(message, words)

        return post

    async def _post(self, message: AcceptedMessage, words: Sequence[str]) -> httpx.Response:
        value = {
            "messaging_product": "whatsapp",
            "metadata": {
                "display_phone_number": self._settings.whatsapp_display_phone_number,
                "phone_number_id": message.phone_number_id,
            },
            "statuses": [message.status(word) for word in words],
        }
        body = meta_webhook(value, business_account_id=self._settings.whatsapp_business_account_id)
        return await self._client.post(
            f"{self._settings.base_url}/webhooks/messages/whatsapp",
            content=body,
            headers=meta_headers(body, self._settings.whatsapp_app_secret),
            timeout=POST_TIMEOUT_SECONDS,
        )
