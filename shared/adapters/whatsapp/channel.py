"""WhatsApp over Meta's Cloud API, as a channel.

Source: WhatsApp Business Platform, "Create a webhook endpoint" and "Webhooks overview".
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from shared.adapters.provider_json import decode_json
from shared.adapters.whatsapp.limits import CONTENTS, TEXT_LIMIT
from shared.adapters.whatsapp.parsing import parse_webhook
from shared.domain.content import Content
from shared.domain.json_value import JSON
from shared.domain.media import MediaFile, MediaReference
from shared.domain.message import (
    ChannelNotice,
    Delivery,
    InboundItem,
    InboundMessage,
    NoticeKind,
    Recipient,
    ReplyChunk,
    StatusUpdate,
)
from shared.errors import Forbidden, SignatureInvalid
from shared.http_contract import HTTPRequest, HTTPResponse
from shared.ports.channel import Channel, ChannelCapabilities
from shared.ports.secrets import Secret

if TYPE_CHECKING:
    from shared.adapters.whatsapp.media import GraphMedia
    from shared.adapters.whatsapp.sending import GraphClient

CHANNEL_NAME = "whatsapp"
_SIGNATURE_HEADER = "x-hub-signature-256"
_SIGNATURE_PREFIX = "sha256="
_NOTICE_NAMES = {NoticeKind.CALL: "calls", NoticeKind.ERROR: "errors", NoticeKind.ACCOUNT: "notices"}


class WhatsAppChannel(Channel):
    """Both channel ports over the Cloud API.

    `open_client` is called when the first reply leaves: the webhook, which never sends, need not load an HTTP client.
    `open_media` likewise, when the first file is fetched; without it, none is.
    """

    name = CHANNEL_NAME
    capabilities = ChannelCapabilities(
        text_limit=TEXT_LIMIT,
        reply_window_hours=24,
        window_errors=frozenset({"131047"}),
        typing=True,
        contents=CONTENTS,
        quotes=True,
        groups=True,
    )

    def __init__(
        self,
        *,
        app_secret: Secret,
        verify_token: Secret,
        open_client: Callable[[], GraphClient],
        clock: Callable[[], datetime],
        open_media: Callable[[], GraphMedia] | None = None,
    ) -> None:
        self.capabilities = replace(self.capabilities, media=open_media is not None)
        self._open_media = open_media
        self._media: GraphMedia | None = None
        self._app_secret = app_secret
        self._verify_token = verify_token
        self._open_client = open_client
        self._client: GraphClient | None = None
        self._clock = clock

    def handshake(self, request: HTTPRequest) -> HTTPResponse | None:
        """Echo the challenge to whoever knows the verify token.

        Raises:
            Forbidden: a GET without the token.
        """
        if request.method != "GET":
            return None
        values = request.query_values
        token = values.get("hub.verify_token", "").encode("utf-8", "surrogatepass")
        expected = self._verify_token().encode()
        is_known = bool(expected) and hmac.compare_digest(token, expected)
        if values.get("hub.mode") != "subscribe" or not is_known:
            raise Forbidden("The verify token is wrong.")
        return HTTPResponse.text(values.get("hub.challenge", ""))

    def verify(self, request: HTTPRequest) -> None:
        """Compare the signature over the body's exact bytes.

        Raises:
            SignatureInvalid: it is missing or does not match, or no secret is configured.
        """
        stated = request.headers.get(_SIGNATURE_HEADER, "").encode("utf-8", "surrogatepass")
        secret = self._app_secret().encode()
        expected = f"{_SIGNATURE_PREFIX}{hmac.new(secret, request.body, hashlib.sha256).hexdigest()}".encode()
        if not secret or not hmac.compare_digest(stated, expected):
            raise SignatureInvalid("The signature is missing or invalid.")

    def parse(self, request: HTTPRequest) -> tuple[InboundItem, ...]:
        """Every element of every change of every entry.

        Raises:
            InvalidRequest: not a webhook notification.
        """
        return parse_webhook(
            decode_json(request.body),
            post_id=hashlib.sha256(request.body).hexdigest(),
            channel=self.name,
            received_at=self._clock(),
        )

    def acknowledge(self, items: tuple[InboundItem, ...]) -> HTTPResponse:
        """Say how many items of each kind were kept, and which could not be read."""
        counts = Counter(_plural(item) for item in items)
        rejected: list[JSON] = [
            {"id": item.notice_id, "reason": item.reason}
            for item in items
            if isinstance(item, ChannelNotice) and item.kind is NoticeKind.REJECTED
        ]
        kept: dict[str, JSON] = {name: counts[name] for name in ("messages", "statuses", "calls", "errors", "notices")}
        return HTTPResponse.ok({"accepted": len(items) - len(rejected), **kept, "rejected": rejected})

    async def deliver(self, recipient: Recipient, reply: AsyncGenerator[ReplyChunk, None]) -> Delivery:
        """Send the whole reply, in as few messages as it fits into; only the first one quotes.

        Raises:
            ProviderUnavailable: nothing was sent; the same delivery may succeed later.
            ProviderRejected: nothing was sent and never will be.
        """
        from shared.adapters.text_delivery import deliver_in_parts  # Only senders load it.

        return await deliver_in_parts(recipient, reply, limit=TEXT_LIMIT, send=self._sender().send_text)

    async def deliver_content(
        self, recipient: Recipient, content: Content, *, file: MediaFile | None = None
    ) -> Delivery:
        """See `ContentSender.deliver_content`."""
        message_id = await self._sender().send(recipient, content, file)
        return Delivery(text=content.as_turn, provider_message_ids=(message_id,) if message_id else ())

    async def show_typing(self, recipient: Recipient) -> None:
        """See `TypingIndicator.show_typing`."""
        if recipient.reply_to is not None:
            await self._sender().show_typing(recipient.business_id, recipient.reply_to)

    async def fetch_media(self, reference: MediaReference, *, limit_bytes: int) -> MediaFile:
        """See `MediaSource.fetch_media`."""
        return await self._files().fetch_media(reference, limit_bytes=limit_bytes)

    async def discard_media(self, reference: MediaReference) -> None:
        """See `MediaSource.discard_media`."""
        await self._files().discard_media(reference)

    async def aclose(self) -> None:
        """Close the connections to the provider."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None
        if self._media is not None:
            await self._media.aclose()
            self._media = None

    def _files(self) -> GraphMedia:
        if self._media is None:
            assert self._open_media is not None
            self._media = self._open_media()
        return self._media

    def _sender(self) -> GraphClient:
        if self._client is None:
            self._client = self._open_client()
        return self._client


def _plural(item: InboundItem) -> str:
    if isinstance(item, InboundMessage):
        return "messages"
    if isinstance(item, StatusUpdate):
        return "statuses"
    return _NOTICE_NAMES.get(item.kind, "rejected")
