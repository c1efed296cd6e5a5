"""A WhatsApp user: writes to the platform as Meta or Twilio delivers it, and reads what the platform sent back."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import httpx

from local.simulators.meta_webhook import meta_headers, meta_webhook
from local.simulators.phone_line import WebhookSender, new_sid

POST_TIMEOUT_SECONDS = 15
POLL_SECONDS = 0.05


class MessageRefused(Exception):
    """The platform's webhook did not answer 200."""


class NoReply(Exception):
    """The platform sent nothing to this user in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A message that the platform sent to the user; `provider_id` is what the provider called it."""

    text: str
    provider_id: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatsAppNumber:
    """The business's WhatsApp number and the secrets that sign its webhooks."""

    base_url: str
    simulator_url: str
    app_secret: str
    phone_number_id: str
    display_phone_number: str = "918047112233"
    business_account_id: str = "200000000000001"


class SentMessages(Protocol):
    """Recognises a provider's requests that carry a message to one user."""

    def read(self, request: dict[str, object]) -> str | None:
        """The message's text; None when the request is something else or for somebody else."""


class ReplyReader:
    """Reads the simulator's /sent for one user, from the moment it was made."""

    def __init__(self, client: httpx.AsyncClient, simulator_url: str, messages: SentMessages) -> None:
        self._client = client
        self._simulator_url = simulator_url
        self._messages = messages
        self._last_number: int | None = None

    async def start(self) -> None:
        """Ignore what was sent before."""
        answer = await self._client.get(f"{self._simulator_url}/health", timeout=POST_TIMEOUT_SECONDS)
        self._last_number = int(answer.raise_for_status().json()["last_sent"])

    async def next_replies(self, *, timeout_seconds: float) -> list[Reply]:
        """The next message or messages to the user.

        Raises:
            NoReply: none came in time.
        """
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            replies = await self._new_replies()
            if replies:
                return replies
            await asyncio.sleep(POLL_SECONDS)
        raise NoReply(f"no reply within {timeout_seconds:g} s")

    async def _new_replies(self) -> list[Reply]:
        if self._last_number is None:
            await self.start()
        answer = await self._client.get(
            f"{self._simulator_url}/sent", params={"after": self._last_number or 0}, timeout=POST_TIMEOUT_SECONDS
        )
        replies = []
        for request in answer.raise_for_status().json():
            self._last_number = request["number"]
            text = self._messages.read(request)
            if text is not None and request["provider_id"]:
                replies.append(Reply(text=text, provider_id=request["provider_id"], at=request["at"]))
        return replies


class WhatsAppUser:
    """Somebody who writes by way of Meta's Cloud API; use as an asynchronous context."""

    def __init__(self, number: WhatsAppNumber, *, wa_id: str = "919845012345", name: str = "Asha Rao") -> None:
        self._number = number
        self._wa_id = wa_id
        self._name = name
        self._client = httpx.AsyncClient(trust_env=False)
        self._replies = ReplyReader(self._client, number.simulator_url, self)

    async def __aenter__(self) -> Self:
        await self._replies.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    def read(self, request: dict[str, object]) -> str | None:
        """The text, if this Graph API request carries a message to this user."""
        body = request["body"]
        if request["provider"] != "whatsapp" or not isinstance(body, dict):
            return None
        if (body.get("to") or body.get("recipient") or "").removeprefix("+") != self._wa_id:
            return None
        content = body.get(body.get("type", "text"))
        return _words(content) if isinstance(content, dict) else None

    def text_message(self, text: str, *, message_id: str | None = None) -> dict[str, object]:
        """A text message as it stands in a webhook."""
        return {
            "from": self._wa_id,
            "id": message_id or "wamid." + secrets.token_urlsafe(32),
            "timestamp": str(int(time.time())),
            "type": "text",
            "text": {"body": text},
        }

    async def send(self, *messages: dict[str, object]) -> httpx.Response:
        """Deliver messages in one signed webhook.

        Raises:
            MessageRefused: the platform did not answer 200.
        """
        body = self.webhook(messages)
        response = await self._client.post(
            f"{self._number.base_url}/webhooks/messages/whatsapp",
            content=body,
            headers=meta_headers(body, self._number.app_secret),
            timeout=POST_TIMEOUT_SECONDS,
        )
        if response.status_code != httpx.codes.OK:
            raise MessageRefused(f"the webhook answered {response.status_code}: {response.text[:200]}")
        return response

    def webhook(self, messages: Sequence[dict[str, object]]) -> bytes:
        """The exact bytes that Meta would post."""
        value = {
            "messaging_product": "whatsapp",
            "metadata": {
                "display_phone_number": self._number.display_phone_number,
                "phone_number_id": self._number.phone_number_id,
            },
            "contacts": [{"profile": {"name": self._name}, "wa_id": self._wa_id}],
            "messages": list(messages),
        }
        return meta_webhook(value, business_account_id=self._number.business_account_id)

    async def say(self, text: str) -> httpx.Response:
        """Write a text."""
        return await self.send(self.text_message(text))

    async def hear(self, *, timeout_seconds: float = 20) -> list[Reply]:
        """The next reply or replies.

        Raises:
            NoReply: none came in time.
        """
        return await self._replies.next_replies(timeout_seconds=timeout_seconds)


class TwilioWhatsAppUser:
    """Somebody who writes by way of Twilio's WhatsApp sender; use as an asynchronous context."""

    def __init__(
        self,
        *,
        base_url: str,
        simulator_url: str,
        account_sid: str,
        auth_token: str,
        wa_id: str = "919845012345",
        business: str = "918047112233",
        name: str = "Asha Rao",
    ) -> None:
        self._base_url = base_url
        self._account_sid = account_sid
        self._wa_id = wa_id
        self._business = business
        self._name = name
        self._client = httpx.AsyncClient(trust_env=False)
        self._sender = WebhookSender(self._client, auth_token=auth_token)
        self._replies = ReplyReader(self._client, simulator_url, self)

    async def __aenter__(self) -> Self:
        await self._replies.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    def read(self, request: dict[str, object]) -> str | None:
        """The text, if this Twilio request sends a message to this user."""
        body = request["body"]
        if request["provider"] != "twilio" or request["method"] != "POST" or not isinstance(body, dict):
            return None
        text = body.get("Body")
        return text if body.get("To") == f"whatsapp:+{self._wa_id}" and isinstance(text, str) else None

    async def say(self, text: str, *, message_sid: str | None = None) -> httpx.Response:
        """Write a text.

        Raises:
            MessageRefused: the platform did not answer 200.
        """
        sid = message_sid or new_sid("SM")
        form = {
            "AccountSid": self._account_sid,
            "ApiVersion": "2010-04-01",
            "Body": text,
            "From": f"whatsapp:+{self._wa_id}",
            "MessageSid": sid,
            "MessageType": "text",
            "NumMedia": "0",
            "NumSegments": "1",
            "ProfileName": self._name,
            "ReferralNumMedia": "0",
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "SmsStatus": "received",
            "To": f"whatsapp:+{self._business}",
            "WaId": self._wa_id,
        }
        response = await self._sender.post(f"{self._base_url}/webhooks/messages/twilio-whatsapp", form)
        if response.status_code != httpx.codes.OK:
            raise MessageRefused(f"the webhook answered {response.status_code}: {response.text[:200]}")
        return response

    async def hear(self, *, timeout_seconds: float = 20) -> list[Reply]:
        """The next reply or replies.

        Raises:
            NoReply: none came in time.
        """
        return await self._replies.next_replies(timeout_seconds=timeout_seconds)


def _words(content: dict[str, object]) -> str:
    """What a person reads of a text, an interactive message, a caption or a template."""
    body = content.get("body")
    if isinstance(body, dict):
        body = body.get("text")
    return str(body or content.get("caption") or content.get("name") or "")
