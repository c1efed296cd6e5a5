"""The channel interface: all that a new channel has to implement.

A class that names `Channel` as its base inherits what most providers do not ask for. It has to say its `name` and its
`capabilities`, and to `verify`, `parse` and `deliver`; and to `parse_status`, where statuses have a path of their own.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Protocol

from shared.domain.content import Content
from shared.domain.content_limits import ContentLimits
from shared.domain.media import MediaFile
from shared.domain.message import Delivery, InboundItem, Recipient, ReplyChunk
from shared.errors import NotFound
from shared.http_contract import HTTPRequest, HTTPResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelCapabilities:
    """What a channel can do.

    Attributes:
        streams: the reply is delivered while it is written (voice); otherwise it leaves whole, through the outbox.
        text_limit: longest text in one message, in characters; 0 for no limit.
        reply_window_hours: how long after the user's last message free text may be sent; None for ever.
        window_errors: the provider's numbers for a message that came too late for that.
        typing: it can show that a reply is being written; the channel is then a `TypingIndicator`.
        media: its messages carry files; the channel is then a `MediaSource`.
        contents: what it can send besides words; where that is anything, the channel is a `ContentSender`.
        quotes: a reply can show the message that it answers.
        groups: it can write to groups.
    """

    streams: bool = False
    text_limit: int = 0
    reply_window_hours: int | None = None
    window_errors: frozenset[str] = frozenset()
    typing: bool = False
    media: bool = False
    contents: ContentLimits = field(default_factory=ContentLimits)
    quotes: bool = False
    groups: bool = False


class InboundChannel(Protocol):
    """Reads what a provider posts to `/webhooks/messages/{name}`."""

    @property
    def name(self) -> str:
        """The channel's name: in paths, in conversation keys, in the database."""

    def handshake(self, request: HTTPRequest) -> HTTPResponse | None:  # noqa: ARG002 - for others to look at
        """Answer a provider's check of the address (a GET); None when the request is no such check.

        Raises:
            Forbidden: the check carries a wrong token.
        """
        return None

    def verify(self, request: HTTPRequest) -> None:
        """Make sure that the provider sent exactly this request.

        Raises:
            SignatureInvalid: it did not, or cannot be shown to have.
        """

    def parse(self, request: HTTPRequest) -> tuple[InboundItem, ...]:
        """Everything a verified request holds, in its order; what cannot be read becomes a REJECTED notice.

        Raises:
            InvalidRequest: the request as a whole is not the provider's format.
        """

    def parse_status(self, request: HTTPRequest) -> tuple[InboundItem, ...]:
        """The same for a post to `/webhooks/messages/{name}/status`, where the provider has a path of its own for it.

        Raises:
            InvalidRequest: the request as a whole is not the provider's format.
            NotFound: there is no such path, because statuses come with the messages.
        """
        raise NotFound(f"There is nothing at {request.path}.")

    def acknowledge(self, items: tuple[InboundItem, ...]) -> HTTPResponse:
        """What the provider wants to read once the items are safe: by default, how many there were."""
        return HTTPResponse.ok({"accepted": len(items)})

    def acknowledge_status(self) -> HTTPResponse:
        """The same after `parse_status`: by default, nothing."""
        return HTTPResponse.empty()


class OutboundChannel(Protocol):
    """Carries a reply to a user."""

    @property
    def capabilities(self) -> ChannelCapabilities:
        """What the channel can do."""

    async def deliver(self, recipient: Recipient, reply: AsyncGenerator[ReplyChunk, None]) -> Delivery:
        """Deliver a stream of reply chunks; text channels join it, voice speaks it as it comes.

        An interruption by the user is a result, not an error.

        Raises:
            ProviderUnavailable: not delivered; the same delivery may succeed later.
            ProviderRejected: not delivered and never will be.
        """

    async def find_sent(self, recipient: Recipient, text: str) -> tuple[str, ...] | None:  # noqa: ARG002 - the same
        """Provider ids under which this very delivery was already accepted; None when the provider cannot tell.

        Asked after a crash between sending and noting it. An empty tuple means: certainly not accepted.

        Raises:
            ProviderUnavailable: the provider could tell but does not answer, so the reply must not be sent yet.
        """
        return None


class TypingIndicator(Protocol):
    """A channel that can show that a reply is being written."""

    async def show_typing(self, recipient: Recipient) -> None:
        """Mark `recipient.reply_to` as read and show it for some 25 seconds or until the reply comes; never raises."""


class ContentSender(Protocol):
    """A channel that can send more than words."""

    async def deliver_content(
        self, recipient: Recipient, content: Content, *, file: MediaFile | None = None
    ) -> Delivery:
        """Send something that fits the channel's `contents`.

        `file` is the file of ours that the content names, for channels that take uploads; for others its link is set.

        Raises:
            ProviderUnavailable: not known to have been sent; the same delivery may succeed later.
            ProviderRejected: not sent and never will be.
        """


class Channel(InboundChannel, OutboundChannel, Protocol):
    """A complete text channel."""
