"""Sending through Meta's Graph API.

Source: WhatsApp Business Platform, "Messages API", "Error codes", "Typing indicators", "Business-scoped user IDs".
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx

from shared.adapters.provider_client import PassingProviderFailure, ProviderClient
from shared.adapters.provider_json import list_of, object_of, text_of
from shared.domain.json_value import JSON
from shared.domain.message import Recipient
from shared.domain.outbound import MessageTemplate
from shared.errors import ProviderRejected, ProviderUnavailable
from shared.observability import logger

_THROTTLED = 429
_SERVER_ERROR = 500
_REFUSED = "WhatsApp refused the message."
_LATER = "WhatsApp asks us to try again later."

# Errors that pass, by Meta's number, with the seconds to wait. A pair of numbers may talk once in six seconds.
_RETRY_AFTER_SECONDS = {4: 60, 80007: 60, 130429: 1, 131048: 60, 131056: 6, 133016: 60, 131053: 5}
_LONGEST_WAIT_AT_ONCE_SECONDS = 1


class GraphClient:
    """The messages endpoint of one or more WhatsApp numbers."""

    def __init__(
        self,
        *,
        base_url: str,
        api_version: str,
        access_token: str,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = ProviderClient(
            base_url=f"{base_url.rstrip('/')}/{api_version}",
            explain=explain_refusal,
            headers={"authorization": f"Bearer {access_token}"},
            transport=transport,
            sleep=sleep,
        )

    async def send_text(self, recipient: Recipient, text: str) -> str:
        """Send one text message and return its id; empty if WhatsApp took it without saying the id.

        Raises:
            ProviderUnavailable: not sent; the same message may succeed later.
            ProviderRejected: not sent and never will be.
        """
        return await self._send(recipient, {"type": "text", "text": {"preview_url": False, "body": text}})

    async def send_template(self, recipient: Recipient, template: MessageTemplate) -> str:
        """Send a template; answers and raises as `send_text` does."""
        values: list[JSON] = [{"type": "text", "text": value} for value in template.variables]
        components: list[JSON] = [{"type": "body", "parameters": values}] if values else []
        content: dict[str, JSON] = {
            "name": template.name,
            "language": {"code": template.language},
            "components": components,
        }
        return await self._send(recipient, {"type": "template", "template": content})

    async def _send(self, recipient: Recipient, content: dict[str, JSON]) -> str:
        answer = await self._client.post(
            f"/{recipient.business_id}/messages",
            json={
                "messaging_product": "whatsapp",
                "recipient_type": "individual",
                **address_of(recipient.user_id),
                **content,
                "biz_opaque_callback_data": recipient.delivery_id,
            },
        )
        message_id = text_of(next(iter(list_of(answer, "messages")), None), "id")
        if message_id is None:
            logger.warning("sent_without_id", delivery_id=recipient.delivery_id)
        return message_id or ""

    async def show_typing(self, business_id: str, message_id: str) -> None:
        """Mark a user's message as read and show that a reply is being written, for 25 seconds or until it comes.

        A courtesy: that it failed is noted, nothing more.
        """
        try:
            await self._client.post(
                f"/{business_id}/messages",
                json={
                    "messaging_product": "whatsapp",
                    "status": "read",
                    "message_id": message_id,
                    "typing_indicator": {"type": "text"},
                },
            )
        except (ProviderUnavailable, ProviderRejected) as error:
            logger.info("typing_not_shown", code=error.code)

    async def aclose(self) -> None:
        """Close the pooled connections."""
        await self._client.aclose()


def address_of(user_id: str) -> dict[str, JSON]:
    """The field that names the user: a phone number goes into `to`, a business-scoped id into `recipient`.

    A business-scoped id in `to` is accepted and never delivered.
    """
    return {"to": user_id} if user_id.isascii() and user_id.isdigit() else {"recipient": user_id}


def explain_refusal(status: int, body: JSON) -> ProviderUnavailable | ProviderRejected:
    """What an unsuccessful answer means for us: try at once, try later, or give up."""
    error = object_of(body, "error")
    code = error.get("code")
    number = code if isinstance(code, int) and not isinstance(code, bool) else None
    wait_seconds = _RETRY_AFTER_SECONDS.get(number) if number is not None else None
    if wait_seconds is None and status == _THROTTLED:
        wait_seconds = _LONGEST_WAIT_AT_ONCE_SECONDS
    if wait_seconds is not None:
        at_once = wait_seconds <= _LONGEST_WAIT_AT_ONCE_SECONDS
        failure = PassingProviderFailure if at_once else ProviderUnavailable
        return failure(_LATER, retry_after_seconds=wait_seconds)
    if status >= _SERVER_ERROR:
        # A gateway's error says nothing about whether the message went out; only Meta's own error object does.
        return PassingProviderFailure(_LATER) if error else ProviderUnavailable(_LATER)
    return ProviderRejected(_REFUSED, provider_code=str(status if number is None else number))
