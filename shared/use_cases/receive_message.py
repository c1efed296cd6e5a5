"""Intake of the text channels: refuse what is not the provider's, then keep everything before answering."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeGuard

from shared.domain.conversation import ConversationKey
from shared.domain.message import InboundItem, InboundMessage, MessageKind
from shared.domain.quota import RateWindow, decide_rate, must_block
from shared.errors import Blocked, Forbidden, NotFound, PlatformError, RateLimited, SignatureInvalid, StoreUnavailable
from shared.http_contract import HTTPRequest, HTTPResponse
from shared.observability import count, logger, timed, user_hash
from shared.ports.channel import InboundChannel
from shared.ports.counters import Blocklist, RateCounter
from shared.ports.messaging import MessageQueue

_PATH_PREFIX = "/webhooks/messages/"
_STATUS_SUFFIX = "/status"
_RATE_WINDOW_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeLimits:
    """How much a user may send, and how often a source may fail validation before it is shut out."""

    requests_per_minute: int
    failures_before_block: int
    failure_window_seconds: int
    block_seconds: int


class ReceiveMessage:
    """One webhook request of any text channel, from verification to the provider's acknowledgement."""

    def __init__(
        self,
        channels: Mapping[str, InboundChannel],
        queue: MessageQueue,
        rates: RateCounter,
        blocklist: Blocklist,
        limits: IntakeLimits,
    ) -> None:
        self._channels = channels
        self._queue = queue
        self._rates = rates
        self._blocklist = blocklist
        self._limits = limits

    async def __call__(self, request: HTTPRequest) -> HTTPResponse:
        """Verify, parse, count, queue, acknowledge.

        Raises:
            NotFound: no channel lives at this path.
            Forbidden: a handshake with a wrong token.
            SignatureInvalid: not shown to come from the provider.
            Blocked: the same, from a source that failed too often.
            InvalidRequest: not the provider's format.
            RateLimited: all of it belongs to users over their limit; the provider should try again later.
            QueueUnavailable: not kept, so the provider must send it again.
        """
        channel, is_status = self._addressed(request)
        handshake = await self._admit(channel, request)
        if handshake is not None:
            return handshake
        with timed("parse"):
            items = channel.parse_status(request) if is_status else channel.parse(request)
        await self._limit_rate(items)
        with timed("queue_put"):
            await self._queue.put(items)
        logger.info("items_accepted", channel=channel.name, items=len(items))
        count("items_accepted", len(items), channel=channel.name)
        return channel.acknowledge_status() if is_status else channel.acknowledge(items)

    def _addressed(self, request: HTTPRequest) -> tuple[InboundChannel, bool]:
        name = request.path.removeprefix(_PATH_PREFIX) if request.path.startswith(_PATH_PREFIX) else ""
        is_status = name.endswith(_STATUS_SUFFIX)
        channel = self._channels.get(name.removesuffix(_STATUS_SUFFIX))
        if channel is None:
            raise NotFound("There is no such channel.")
        return channel, is_status

    async def _admit(self, channel: InboundChannel, request: HTTPRequest) -> HTTPResponse | None:
        """The answer to a handshake, or None for a request that is proved to come from the provider.

        The block list is asked only about requests that prove nothing: providers share their addresses with others,
        and whoever can sign is never shut out.
        """
        source = f"{request.source_ip}|{request.path}"
        try:
            handshake = channel.handshake(request)
            if handshake is None:
                channel.verify(request)
        except (SignatureInvalid, Forbidden) as error:
            count("webhook_rejected", channel=channel.name)
            logger.warning("webhook_rejected", channel=channel.name, source=request.source_ip, code=error.code)
            await self._count_failure(source, error)
            raise
        await self._forgive(source)
        return handshake

    async def _count_failure(self, source: str, error: PlatformError) -> None:
        """Shut a source out once it failed too often.

        Raises:
            Blocked: it already is.
        """
        limits = self._limits
        try:
            remaining_seconds = await self._blocklist.blocked_for(source)
            if remaining_seconds > 0:
                raise Blocked(
                    "Too many requests from this source failed validation.", retry_after_seconds=remaining_seconds
                ) from error
            failures = await self._blocklist.record_failure(source, window_seconds=limits.failure_window_seconds)
            if must_block(failures=failures, threshold=limits.failures_before_block):
                await self._blocklist.block(source, seconds=limits.block_seconds)
                logger.warning("source_blocked", source=source, seconds=limits.block_seconds)
                count("source_blocked")
        except StoreUnavailable:
            _note_lost_counter("blocklist")

    async def _forgive(self, source: str) -> None:
        try:
            await self._blocklist.forgive(source)
        except StoreUnavailable:
            _note_lost_counter("blocklist")

    async def _limit_rate(self, items: tuple[InboundItem, ...]) -> None:
        """Count each user's messages.

        A post may mix users, and refusing it makes the provider send all of it again; so it is refused only if it
        holds nothing but messages of users over their limit.
        """
        counted = Counter(item.key for item in items if _is_from_a_user(item))
        waits = await asyncio.gather(*(self._hit(key, cost) for key, cost in counted.items()))
        if waits and all(waits) and all(_is_from_a_user(item) for item in items):
            raise RateLimited("Too many messages in this minute.", retry_after_seconds=max(waits))

    async def _hit(self, key: ConversationKey, cost: int) -> int:
        """Seconds to wait if none of the user's messages in this post is within the limit, else 0.

        A post with more messages than a whole minute allows must pass, or it would be refused for ever.
        """
        limit = self._limits.requests_per_minute
        try:
            window = await self._rates.hit(str(key), window_seconds=_RATE_WINDOW_SECONDS, cost=cost)
        except StoreUnavailable:
            _note_lost_counter("rate")
            return 0
        if not decide_rate(window=window, limit=limit).is_allowed:
            _note_violation(key, window, limit)
        first = replace(window, count=window.count - cost + 1)
        return decide_rate(window=first, limit=limit).retry_after_seconds


def _note_violation(key: ConversationKey, window: RateWindow, limit: int) -> None:
    logger.warning(
        "rate_limit_exceeded",
        violation="messages_per_minute",
        channel=key.channel,
        user=user_hash(key.user_id),
        count=window.count,
        limit=limit,
    )
    count("rate_limit_exceeded", channel=key.channel)


def _is_from_a_user(item: InboundItem) -> TypeGuard[InboundMessage]:
    return isinstance(item, InboundMessage) and item.kind is not MessageKind.ECHO


def _note_lost_counter(name: str) -> None:
    """Counters fail open: losing them must not lose messages, but somebody should know."""
    logger.warning("counter_unavailable", counter=name)
    count("counter_unavailable", counter=name)
