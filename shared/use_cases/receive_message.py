"""Intake of the text channels: refuse what is not the provider's, then keep everything before answering."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TypeGuard

from shared import tracing
from shared.domain.conversation import ConversationKey
from shared.domain.message import InboundItem, InboundMessage, MessageKind
from shared.errors import Forbidden, MethodNotAllowed, NotFound, RateLimited
from shared.http_contract import HTTPRequest, HTTPResponse
from shared.observability import count, logger, timed
from shared.ports.channel import InboundChannel
from shared.ports.counters import RateCounter
from shared.ports.messaging import MessageQueue
from shared.use_cases.guard_source import GuardSource
from shared.use_cases.limit_rate import LimitRate

_PATH_PREFIX = "/webhooks/messages/"
_STATUS_SUFFIX = "/status"
_READING = frozenset({"GET", "HEAD"})


class ReceiveMessage:
    """One webhook request of any text channel, from verification to the provider's acknowledgement."""

    def __init__(
        self,
        channels: Mapping[str, InboundChannel],
        queue: MessageQueue,
        rates: RateCounter,
        guard: GuardSource,
        *,
        requests_per_minute: int,
    ) -> None:
        self._channels = channels
        self._queue = queue
        self._seconds_to_wait = LimitRate(rates, limit=requests_per_minute, violation="messages_per_minute")
        self._guard = guard

    async def __call__(self, request: HTTPRequest) -> HTTPResponse:
        """Verify, parse, count, queue, acknowledge.

        Raises:
            NotFound: no channel lives at this path.
            MethodNotAllowed: no provider calls a webhook like this.
            Forbidden: a handshake with a wrong token.
            SignatureInvalid: not shown to come from the provider.
            Blocked: the same, from a source that failed too often.
            InvalidRequest: not the provider's format.
            RateLimited: all of it belongs to users over their limit; the provider should try again later.
            QueueUnavailable: not kept, so the provider must send it again.
        """
        channel, is_status = self._addressed(request)
        request = _as_called(request, channel)
        await self._guard(request, partial(_prove, channel), webhook=channel.name)
        handshake = channel.handshake(request)
        if handshake is not None:
            return handshake
        tracing.note(channel=channel.name)
        with timed("parse"), tracing.part("parse"):
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

    async def _limit_rate(self, items: tuple[InboundItem, ...]) -> None:
        """Count each user's messages.

        A post may mix users, and refusing it makes the provider send all of it again; so it is refused only if it
        holds nothing but messages of users over their limit.
        """
        counted = Counter(item.key for item in items if _is_from_a_user(item))
        waits = await asyncio.gather(*(self._wait_seconds(key, cost) for key, cost in counted.items()))
        if waits and all(waits) and all(_is_from_a_user(item) for item in items):
            raise RateLimited("Too many messages in this minute.", retry_after_seconds=max(waits))

    async def _wait_seconds(self, key: ConversationKey, cost: int) -> int:
        """0 if one of the user's messages in this post is within the limit.

        A post with more messages than a whole minute allows must pass, or it would be refused for ever.
        """
        return await self._seconds_to_wait(str(key), user_id=key.user_id, channel=key.channel, cost=cost)


def _as_called(request: HTTPRequest, channel: InboundChannel) -> HTTPRequest:
    """The request, if its method is one that the channel's provider uses; a HEAD is a GET without the body."""
    if request.method == "POST":
        return request
    looked_at = replace(request, method="GET")
    answers_checks = _answers_checks(channel, looked_at)
    if answers_checks and request.method in _READING:
        return looked_at
    allowed = "GET, HEAD, POST" if answers_checks else "POST"
    raise MethodNotAllowed("This method is not allowed here.", allowed=allowed)


def _answers_checks(channel: InboundChannel, request: HTTPRequest) -> bool:
    """Whether the channel's provider checks the address with a GET."""
    try:
        return channel.handshake(request) is not None
    except Forbidden:
        return True


def _prove(channel: InboundChannel, request: HTTPRequest) -> None:
    """Either the provider checks the address and knows the token, or it signed what it sent."""
    if channel.handshake(request) is None:
        channel.verify(request)


def _is_from_a_user(item: InboundItem) -> TypeGuard[InboundMessage]:
    return isinstance(item, InboundMessage) and item.kind is not MessageKind.ECHO
