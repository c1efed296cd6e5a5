"""A WhatsApp user: writes to the platform as Meta or Twilio delivers it, and reads what the platform sent back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import httpx

from local.simulators.graph_api import is_ever_delivered
from local.simulators.meta_messages import Element, MetaMessages, UserMedia
from local.simulators.meta_webhook import meta_headers, meta_webhook
from local.simulators.phone_line import WebhookSender, new_sid
from local.simulators.sent_messages import (
    NoReply,
    Noticed,
    Reply,
    ReplyReader,
    Seen,
    read_meta_reply,
    read_twilio_reply,
)
from local.simulators.twilio_forms import Form, TwilioForms
from local.simulators.webhook_delivery import MessageRefused, WebhookDelivery

__all__ = ["MessageRefused", "NoReply", "Reply", "TwilioWhatsAppUser", "WhatsAppNumber", "WhatsAppUser"]

POST_TIMEOUT_SECONDS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatsAppNumber:
    """The business's WhatsApp number and the secrets that sign its webhooks."""

    base_url: str
    simulator_url: str
    app_secret: str
    phone_number_id: str
    display_phone_number: str = "918047112233"
    business_account_id: str = "200000000000001"


class WhatsAppUser:
    """Somebody who writes by way of Meta's Cloud API; use as an asynchronous context.

    `messages` builds every kind of message, `send` delivers them:
    `await user.send(user.messages.location(12.97, 77.59))`.
    """

    def __init__(
        self,
        number: WhatsAppNumber,
        *,
        wa_id: str | None = "919845012345",
        name: str = "Asha Rao",
        user_id: str | None = None,
        group_id: str | None = None,
        delivery: WebhookDelivery | None = None,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        """A user with `user_id` and without `wa_id` hides the phone number; with `group_id` writes in a group.

        Somebody who only writes needs no context when `client` is given; its owner closes it.
        """
        self.messages = MetaMessages(wa_id=wa_id, user_id=user_id, name=name, group_id=group_id)
        self._number = number
        self._delivery = delivery or WebhookDelivery()
        self._client = client or httpx.AsyncClient(trust_env=False)
        self._replies = ReplyReader(self._client, number.simulator_url, self)
        self._is_window_watched = False
        self._own_ids: set[object] = set()

    async def __aenter__(self) -> Self:
        await self._replies.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    def read(self, request: dict[str, Any]) -> Noticed | None:
        """What this user notices of a Graph API request."""
        body = request["body"]
        if request["provider"] != "whatsapp" or request["method"] != "POST" or not isinstance(body, dict):
            return None
        if body.get("status") == "read":
            message_id = str(body.get("message_id"))
            is_mine = message_id in self._own_ids
            return Seen(message_id=message_id, is_typing="typing_indicator" in body) if is_mine else None
        if not request["provider_id"] or not is_ever_delivered(body) or not self._is_for_me(body):
            return None
        return read_meta_reply(request)

    def text_message(self, text: str, *, message_id: str | None = None) -> Element:
        """A text message as it stands in a webhook."""
        return self.messages.text(text, message_id=message_id)

    async def upload(self, content: bytes, mime_type: str) -> UserMedia:
        """Give a file to Meta, as the user's phone does before the message is sent."""
        answer = await self._client.post(
            f"{self._number.simulator_url}/user-media",
            content=content,
            headers={"Content-Type": mime_type},
            timeout=POST_TIMEOUT_SECONDS,
        )
        facts = answer.raise_for_status().json()
        return UserMedia(id=facts["id"], mime_type=mime_type, url=facts["url"], sha256=facts["sha256_base64"])

    async def send(self, *messages: Element) -> httpx.Response:
        """Deliver messages in one signed webhook.

        Raises:
            MessageRefused: the platform did not answer 200.
        """
        return await self.post(self.value(messages))

    async def post(self, *values: Mapping[str, object]) -> httpx.Response:
        """Deliver several changes in one signed webhook: other users' `value` go with this one's.

        Raises:
            MessageRefused: the platform did not answer 200.
        """
        await self._note_writing()
        body = meta_webhook(*values, business_account_id=self._number.business_account_id)

        async def post() -> httpx.Response:
            return await self._client.post(
                f"{self._number.base_url}/webhooks/messages/whatsapp",
                content=body,
                headers=meta_headers(body, self._number.app_secret),
                timeout=POST_TIMEOUT_SECONDS,
            )

        return await self._delivery.deliver(post)

    def value(self, messages: Sequence[Element]) -> dict[str, object]:
        """The value of a change that holds these messages; system messages come without contacts."""
        self._own_ids.update(message["id"] for message in messages)
        is_system = all(message["type"] == "system" for message in messages)
        contacts = {} if is_system else {"contacts": [self.messages.contact]}
        return {
            "messaging_product": "whatsapp",
            "metadata": {
                "display_phone_number": self._number.display_phone_number,
                "phone_number_id": self._number.phone_number_id,
            },
            **contacts,
            "messages": list(messages),
        }

    async def say(self, text: str) -> httpx.Response:
        """Write a text."""
        return await self.send(self.text_message(text))

    async def hear(self, *, timeout_seconds: float = 20) -> list[Reply]:
        """The next reply or replies.

        Raises:
            NoReply: none came in time.
        """
        return await self._replies.next_replies(timeout_seconds=timeout_seconds)

    async def notice(self) -> list[Noticed]:
        """Replies and read marks since the last look, without waiting."""
        return await self._replies.new()

    async def have_written(self, hours_ago: float) -> None:
        """Let Meta believe that the user wrote last so long ago; the next message opens the window again."""
        self._is_window_watched = True
        await self._note_last_message(datetime.now(UTC) - timedelta(hours=hours_ago))

    async def _note_writing(self) -> None:
        if self._is_window_watched:
            await self._note_last_message(datetime.now(UTC))

    async def _note_last_message(self, at: datetime) -> None:
        user = self.messages.wa_id or self.messages.user_id
        url = f"{self._number.simulator_url}/windows/{user}"
        (await self._client.put(url, content=at.isoformat(), timeout=POST_TIMEOUT_SECONDS)).raise_for_status()

    def _is_for_me(self, body: dict[str, Any]) -> bool:
        if body.get("recipient_type") == "group":
            return self.messages.group_id is not None and body.get("to") == self.messages.group_id
        if body.get("to"):  # The phone number wins when both are given.
            return str(body["to"]).removeprefix("+") == self.messages.wa_id
        return self.messages.user_id is not None and body.get("recipient") == self.messages.user_id


class TwilioWhatsAppUser:
    """Somebody who writes by way of Twilio's WhatsApp sender; use as an asynchronous context.

    `forms` builds every kind of message, `send` delivers one: `await user.send(user.forms.text("Hello"))`.
    """

    def __init__(
        self,
        *,
        base_url: str,
        simulator_url: str,
        account_sid: str,
        auth_token: str,
        wa_id: str | None = "919845012345",
        name: str = "Asha Rao",
        user_id: str | None = None,
        delivery: WebhookDelivery | None = None,
    ) -> None:
        """A user with `user_id` and without `wa_id` hides the phone number."""
        self.forms = TwilioForms(account_sid=account_sid, wa_id=wa_id, user_id=user_id, name=name)
        self._base_url = base_url
        self._simulator_url = simulator_url
        self._delivery = delivery or WebhookDelivery()
        self._client = httpx.AsyncClient(trust_env=False)
        self._sender = WebhookSender(self._client, auth_token=lambda: auth_token)
        self._replies = ReplyReader(self._client, simulator_url, self)

    async def __aenter__(self) -> Self:
        await self._replies.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    def read(self, request: dict[str, Any]) -> Noticed | None:
        """What this user notices of a request to Twilio."""
        body = request["body"]
        if request["provider"] != "twilio" or request["method"] != "POST" or not isinstance(body, dict):
            return None
        is_mine = body.get("To") == self.forms.address and bool(request["provider_id"])
        return read_twilio_reply(request) if is_mine else None

    async def upload(self, content: bytes, mime_type: str) -> UserMedia:
        """Give a file to Twilio for one message; its address needs the account's credentials."""
        message_sid = new_sid("MM")
        answer = await self._client.post(
            f"{self._simulator_url}/user-media/twilio/{message_sid}",
            content=content,
            headers={"Content-Type": mime_type},
            timeout=POST_TIMEOUT_SECONDS,
        )
        facts = answer.raise_for_status().json()
        return UserMedia(id=facts["sid"], mime_type=mime_type, url=facts["url"], message_sid=message_sid)

    async def send(self, form: Form) -> httpx.Response:
        """Deliver one message in a signed webhook.

        Raises:
            MessageRefused: the platform did not answer 200.
        """

        async def post() -> httpx.Response:
            return await self._sender.post(f"{self._base_url}/webhooks/messages/twilio-whatsapp", form)

        return await self._delivery.deliver(post)

    async def say(self, text: str, *, message_sid: str | None = None) -> httpx.Response:
        """Write a text; raises as `send`."""
        return await self.send(self.forms.text(text, message_sid=message_sid))

    async def hear(self, *, timeout_seconds: float = 20) -> list[Reply]:
        """The next reply or replies.

        Raises:
            NoReply: none came in time.
        """
        return await self._replies.next_replies(timeout_seconds=timeout_seconds)

    async def notice(self) -> list[Noticed]:
        """Replies since the last look, without waiting."""
        return await self._replies.new()
