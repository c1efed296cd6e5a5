"""A person takes over the conversation of a live call: the agent falls silent until it is given back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from shared.domain.conversation import ConversationStatus
from shared.domain.event import EventType, PlatformEvent
from shared.domain.spoken.fixed_sentences import SentenceKind
from shared.observability import count, logger
from stream_service.attendant import Attendant, Start


class Takeover:
    """Who has one call's conversation.

    The caller, who cannot hear the person, is told once; where there is a person to be connected, that follows.

    Args:
        order: held by whoever speaks.
        hush: gives up what the agent is saying or about to say.
        start: starts a task that ends with the call.
    """

    def __init__(self, attendant: Attendant, order: asyncio.Lock, *, hush: Callable[[], None], start: Start) -> None:
        self._attendant = attendant
        self._order = order
        self._hush = hush
        self._start = start
        self._is_announced = False
        self._announcing: asyncio.Task[None] | None = None

    def on_event(self, event: PlatformEvent) -> None:
        """Hear of the conversation. What the agent itself left to a person comes with its answer, and is not this."""
        if event.type is not EventType.TAKEOVER_CHANGED:
            return
        if event.data.get("status") == ConversationStatus.OPEN:
            self.end()
        elif event.data.get("status") == ConversationStatus.HUMAN and not event.data.get("wanted"):
            self.begin()

    def begin(self) -> None:
        """A person has it: be silent at once. Doing it twice does no harm, and repeats what was not heard."""
        if not self._attendant.is_silenced:
            self._attendant.is_silenced = True
            count("calls_taken_over")
            logger.info("call_taken_over")
            self._hush()
        if not self._is_announced and (self._announcing is None or self._announcing.done()):
            self._announcing = self._start(self._announce())

    def end(self) -> None:
        """The agents have it again, and answer what is said next."""
        if self._attendant.is_silenced:
            logger.info("call_given_back")
        self._attendant.is_silenced = self._is_announced = False

    async def _announce(self) -> None:
        async with self._order:
            if not self._attendant.is_silenced:
                return
            self._is_announced = await self._attendant.remark_now(SentenceKind.TAKEN_OVER)
            if self._attendant.is_silenced:
                self._attendant.give_to_person()
