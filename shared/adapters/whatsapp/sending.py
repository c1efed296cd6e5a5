"""Sending through Meta's Graph API.

Source: WhatsApp Business Platform, "Messages API", "Media", "Typing indicators".
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx

from shared.adapters.provider_access import ProviderAccess
from shared.adapters.provider_client import ProviderClient
from shared.adapters.provider_json import list_of, text_of
from shared.adapters.whatsapp.outgoing import envelope_of, written
from shared.adapters.whatsapp.refusals import MEDIA_NOT_TAKEN, explain_refusal
from shared.domain.content import Content, TextContent
from shared.domain.media import MediaFile
from shared.domain.message import Recipient
from shared.errors import ProviderBusy, ProviderRejected, ProviderUnavailable
from shared.observability import logger


class GraphClient:
    """The messages and media endpoints of one or more WhatsApp numbers."""

    def __init__(
        self,
        *,
        base_url: str,
        api_version: str,
        access: ProviderAccess,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = ProviderClient(
            base_url=f"{base_url.rstrip('/')}/{api_version}",
            explain=explain_refusal,
            access=access,
            transport=transport,
            sleep=sleep,
        )

    async def send_text(self, recipient: Recipient, text: str) -> str:
        """Send one text message; answers and raises as `send` does."""
        return await self.send(recipient, TextContent(text=text))

    async def send(self, recipient: Recipient, content: Content, file: MediaFile | None = None) -> str:
        """Send one message, with the file that it names, and return its id; empty if WhatsApp does not say it.

        A file that WhatsApp did not get along with is uploaded and sent a second time.

        Raises:
            ProviderUnavailable: not sent; the same message may succeed later.
            ProviderRejected: not sent and never will be.
        """
        try:
            return await self._send(recipient, content, file)
        except ProviderRejected as refusal:
            if refusal.provider_code != str(MEDIA_NOT_TAKEN):
                raise
            logger.warning("media_not_taken", delivery_id=recipient.delivery_id)
            return await self._send(recipient, content, file)

    async def _send(self, recipient: Recipient, content: Content, file: MediaFile | None) -> str:
        media_id = None
        if file is not None:
            media_id = await self._uploaded(recipient.business_id, file)
        answer = await self._client.post(
            f"/{recipient.business_id}/messages", json={**envelope_of(recipient), **written(content, media_id)}
        )
        message_id = text_of(next(iter(list_of(answer, "messages")), None), "id")
        if message_id is None:
            logger.warning("sent_without_id", delivery_id=recipient.delivery_id)
        return message_id or ""

    async def _uploaded(self, business_id: str, file: MediaFile) -> str:
        try:
            return await self.upload_media(business_id, file.content, file.mime_type, file.filename)
        except ProviderUnavailable as error:
            # Whatever became of the file, no message names it: nothing can have been sent.
            raise ProviderBusy(
                "WhatsApp did not take the file.", retry_after_seconds=error.retry_after_seconds
            ) from error

    async def upload_media(self, business_id: str, content: bytes, mime_type: str, filename: str | None = None) -> str:
        """Give WhatsApp a file and return its id, which may be sent for 30 days.

        The type is handed on to the letter: a voice note is one only as `audio/ogg; codecs=opus`.

        Raises:
            ProviderUnavailable: not taken; the same file may be taken later.
            ProviderRejected: not taken and never will be.
        """
        file = MediaFile(content=content, mime_type=mime_type, filename=filename)
        answer = await self._client.upload(
            f"/{business_id}/media", file, form={"messaging_product": "whatsapp", "type": mime_type}
        )
        media_id = text_of(answer, "id")
        if media_id is None:
            raise ProviderUnavailable("WhatsApp took a file without saying its id.")
        return media_id

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
