"""What a user asks of the business itself, not of an agent: to be left alone, to be written to again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from shared.domain.consent import ConsentChange, ConsentRequest, Wish, confirmation, recognise
from shared.domain.event import EventType, PlatformEvent
from shared.domain.message import InboundMessage, Unanswered
from shared.domain.reply import ReplyDraft
from shared.observability import count, logger
from shared.ports.consent import ConsentStore
from shared.ports.messaging import EventPublisher
from shared.ports.stores import Claim


class RespectWishes:
    """Recognises such a message, keeps the wish and says that it was heard.

    It comes before everything else: a person who has the conversation, the rules, the agents. What it does is the same
    however often the message is handled; the confirmation leaves through the outbox, as every reply does.
    """

    def __init__(self, consent: ConsentStore, events: EventPublisher, clock: Callable[[], datetime]) -> None:
        self._consent = consent
        self._events = events
        self._clock = clock

    async def __call__(self, message: InboundMessage, claim: Claim) -> ReplyDraft | Unanswered | None:
        """The confirmation, or why there is none; None for a message that asks nothing of the kind.

        Raises:
            LeaseLost: another worker has the message.
            StoreUnavailable: not kept; the same message may be handled later.
        """
        request = recognise(message)
        if request is None:
            # A reply from before the user opted out, which a crash kept from being sent, stays where it is.
            return Unanswered.OPTED_OUT if claim.held_reply is not None and claim.wishes.has_opted_out else None
        if request.wish is Wish.HELP:
            return Unanswered.BY_PROVIDER
        change = await self._consent.keep(claim, message, request)
        if change.is_effective:
            await self._tell(message, claim, change)
        return _answer(request, change)

    async def _tell(self, message: InboundMessage, claim: Claim, change: ConsentChange) -> None:
        logger.info("consent_changed", message_id=claim.message_id, has_opted_out=change.has_opted_out)
        count("consent_changes", channel=message.channel, to="out" if change.has_opted_out else "in")
        await self._events.publish(
            PlatformEvent(
                type=EventType.CONSENT_CHANGED,
                at=self._clock(),
                conversation_id=claim.conversation_id,
                key=message.key,
                data={"opted_out": change.has_opted_out},
            )
        )


def _answer(request: ConsentRequest, change: ConsentChange) -> ReplyDraft | Unanswered | None:
    if change.is_effective and not request.is_answered:
        return ReplyDraft(text=confirmation(request), agent_id=None)
    if change.has_opted_out:
        return Unanswered.OPTED_OUT
    if request.is_answered:
        return Unanswered.BY_PROVIDER
    # "Start" of somebody who never stopped is a greeting, for an agent to answer; a "stop" that came after a later
    # "start" has nobody left to tell.
    return None if request.wish is Wish.START else Unanswered.STALE
