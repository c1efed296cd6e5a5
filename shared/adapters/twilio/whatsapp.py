"""WhatsApp through Twilio, as a channel.

Source: Twilio, "WhatsApp API overview" and "Message resource".
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from shared.adapters.provider_json import list_of, text_of
from shared.adapters.twilio.outgoing import CONTENTS, TEXT_LIMIT, form_of
from shared.adapters.twilio.signature import TwilioSignature, twilio_signature
from shared.adapters.twilio.whatsapp_form import parse_message_form, parse_status_form, whatsapp_address
from shared.domain.content import Content, TextContent
from shared.domain.json_value import JSON
from shared.domain.media import MediaFile, MediaReference
from shared.domain.message import Delivery, InboundItem, Recipient, ReplyChunk
from shared.domain.text_parts import split_text
from shared.errors import ProviderRejected, ProviderUnavailable
from shared.http_contract import HTTPRequest, HTTPResponse
from shared.observability import logger
from shared.ports.channel import Channel, ChannelCapabilities

if TYPE_CHECKING:
    from shared.adapters.provider_client import ProviderClient
    from shared.adapters.twilio.media import TwilioMedia
    from shared.settings import Settings

CHANNEL_NAME = "twilio-whatsapp"
_TYPING_PATH = "/v2/Indicators/Typing.json"
_EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
# How far back a reply of ours may lie that a worker sent before it died: longer than the queue's retries take.
_SEARCHED_MINUTES = 30
_NOT_SENT = frozenset({"failed", "undelivered", "canceled"})


class TwilioWhatsAppChannel(Channel):
    """Both channel ports over Twilio's WhatsApp sender; replies always leave by REST, never in the webhook's answer.

    `open_media` is called when the first file is fetched; without it, none is.
    """

    name = CHANNEL_NAME
    capabilities = ChannelCapabilities(
        text_limit=TEXT_LIMIT, reply_window_hours=24, window_errors=frozenset({"63016"}), typing=True, contents=CONTENTS
    )

    def __init__(
        self,
        *,
        signature: TwilioSignature,
        status_url: str,
        sender_number: str,
        open_client: Callable[[], ProviderClient],
        clock: Callable[[], datetime],
        typing_url: str = f"https://messaging.twilio.com{_TYPING_PATH}",
        open_media: Callable[[], TwilioMedia] | None = None,
    ) -> None:
        self.capabilities = replace(self.capabilities, media=open_media is not None)
        self._open_media = open_media
        self._media: TwilioMedia | None = None
        self._signature = signature
        self._status_url = status_url
        self._typing_url = typing_url
        self._sender_number = sender_number
        self._open_client = open_client
        self._client: ProviderClient | None = None
        self._clock = clock

    def verify(self, request: HTTPRequest) -> None:
        """Check Twilio's signature.

        Raises:
            SignatureInvalid: it is missing or does not match.
        """
        self._signature.verify(request)

    def parse(self, request: HTTPRequest) -> tuple[InboundItem, ...]:
        """The one message of the post.

        Raises:
            InvalidRequest: not a form.
        """
        return (parse_message_form(request.form_values(), channel=self.name, received_at=self._clock()),)

    def parse_status(self, request: HTTPRequest) -> tuple[InboundItem, ...]:
        """The one status of the post.

        Raises:
            InvalidRequest: not a form.
        """
        return (parse_status_form(request.form_values(), channel=self.name, received_at=self._clock()),)

    def acknowledge(self, items: tuple[InboundItem, ...]) -> HTTPResponse:  # noqa: ARG002 - the port's signature
        """TwiML that says nothing."""
        return HTTPResponse.xml(_EMPTY_TWIML)

    async def deliver(self, recipient: Recipient, reply: AsyncGenerator[ReplyChunk, None]) -> Delivery:
        """Send the whole reply, in as few messages as it fits into.

        Raises:
            ProviderUnavailable: nothing was sent; the same delivery may succeed later.
            ProviderRejected: nothing was sent and never will be.
        """
        from shared.adapters.text_delivery import deliver_in_parts  # Only senders load it.

        async def send(recipient: Recipient, part: str) -> str:
            return await self._send(recipient, TextContent(text=part))

        return await deliver_in_parts(recipient, reply, limit=TEXT_LIMIT, send=send)

    async def deliver_content(
        self,
        recipient: Recipient,
        content: Content,
        *,
        file: MediaFile | None = None,  # noqa: ARG002 - the port; Twilio fetches files itself
    ) -> Delivery:
        """See `ContentSender.deliver_content`."""
        sid = await self._send(recipient, content)
        return Delivery(text=content.as_turn, provider_message_ids=(sid,) if sid else ())

    async def _send(self, recipient: Recipient, content: Content) -> str:
        """Send one message and return its id; empty if Twilio does not say it."""
        form = {**self._addresses(recipient), **form_of(content), "StatusCallback": self._status_url}
        return text_of(await self._sender().post("/Messages.json", form=form), "sid") or ""

    async def show_typing(self, recipient: Recipient) -> None:
        """See `TypingIndicator.show_typing`. Source: Twilio, "Typing Indicators resource"."""
        if recipient.reply_to is None:
            return
        try:
            await self._sender().post(self._typing_url, form={"messageId": recipient.reply_to, "channel": "whatsapp"})
        except (ProviderUnavailable, ProviderRejected) as error:
            logger.info("typing_not_shown", code=error.code)

    async def find_sent(self, recipient: Recipient, text: str) -> tuple[str, ...] | None:
        """Look among the messages that Twilio took lately from us for this user.

        Twilio keeps no id of ours, so a message with the same words counts as this delivery.

        Raises:
            ProviderUnavailable: Twilio cannot be asked, so it is not known.
        """
        since = self._clock() - timedelta(minutes=_SEARCHED_MINUTES)
        query = {**self._addresses(recipient), "DateSent>": since.date().isoformat(), "PageSize": "100"}
        try:
            answer = await self._sender().get("/Messages.json", query=query)
        except ProviderRejected as error:
            raise ProviderUnavailable("Twilio does not say what was sent.") from error
        wanted = split_text(text, TEXT_LIMIT)
        found = {
            text_of(message, "body"): text_of(message, "sid")
            for message in list_of(answer, "messages")
            if _is_recent(message, since) and text_of(message, "status") not in _NOT_SENT
        }
        return tuple(sid for part in wanted if (sid := found.get(part)) is not None)

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

    def _files(self) -> TwilioMedia:
        if self._media is None:
            assert self._open_media is not None
            self._media = self._open_media()
        return self._media

    def _addresses(self, recipient: Recipient) -> dict[str, str]:
        sender = recipient.business_id or self._sender_number
        return {"To": whatsapp_address(recipient.address or recipient.user_id), "From": whatsapp_address(sender)}

    def _sender(self) -> ProviderClient:
        if self._client is None:
            self._client = self._open_client()
        return self._client


def _is_recent(message: JSON, since: datetime) -> bool:
    """Whether a listed message is not older than `since`; one without a readable date may be brand new."""
    stated = text_of(message, "date_created")
    try:
        return stated is None or parsedate_to_datetime(stated) >= since
    except (TypeError, ValueError):
        return True


def twilio_whatsapp_channel(settings: Settings, clock: Callable[[], datetime]) -> TwilioWhatsAppChannel:
    """The channel as the settings describe it."""

    def open_client() -> ProviderClient:
        from shared.adapters.twilio.client import client_of  # Loads the HTTP client.

        return client_of(settings)

    def open_media() -> TwilioMedia:
        from shared.adapters.twilio.client import access_of
        from shared.adapters.twilio.media import TwilioMedia

        return TwilioMedia(base_url=settings.twilio_api_base_url, access=access_of(settings))

    return TwilioWhatsAppChannel(
        signature=twilio_signature(settings),
        status_url=f"{settings.public_base_url}/webhooks/messages/{CHANNEL_NAME}/status",
        typing_url=typing_url(settings.twilio_api_base_url),
        sender_number=settings.twilio_whatsapp_number,
        open_client=open_client,
        clock=clock,
        open_media=open_media,
    )


def typing_url(api_base_url: str) -> str:
    """Where typing indicators are shown: Twilio's messaging host beside its API host, in whichever region."""
    return f"{api_base_url.rstrip('/').replace('//api.', '//messaging.', 1)}{_TYPING_PATH}"
