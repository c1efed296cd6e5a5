"""Which agent a message would reach, and why, without sending it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from shared import errors
from shared.domain.agent import ActiveAgent, RoutingDecision
from shared.domain.conversation import Conversation, ConversationStatus
from shared.domain.json_value import JSON
from shared.domain.message import InboundMessage, MessageKind
from shared.domain.routing.steps import Circumstances, RoutingStep, choose_agent, explain_route
from shared.ports.consent import ConsentStore
from shared.ports.stores import HistoryStore
from shared.use_cases.choose_route import ChooseRoute

NOBODY = "trial"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A message that somebody might send.

    Attributes:
        payload: of a pressed button.
        referral: what the advertisement is called that the user came from.
        user_id: whose opt-out, takeover and active agent count; None for those of nobody.
        active_agent_id: who served before, whatever is kept.
        language: the one that the user asked for.
        at: when it comes; None for now.
    """

    text: str
    channel: str
    payload: str | None = None
    referral: str | None = None
    user_id: str | None = None
    active_agent_id: str | None = None
    language: str | None = None
    at: datetime | None = None

    def message(self, now: datetime) -> InboundMessage:
        """The message."""
        at = self.at or now
        stated: dict[str, JSON] = {
            "payload": self.payload,
            "language": self.language,
            "referral": None if self.referral is None else {"source_id": self.referral},
        }
        attributes: dict[str, JSON] = {name: value for name, value in stated.items() if value is not None}
        return InboundMessage(
            channel=self.channel,
            user_id=self.user_id or NOBODY,
            provider_message_id="trial",
            kind=MessageKind.TEXT if self.payload is None else MessageKind.BUTTON,
            text=self.text,
            business_id="",
            sent_at=at,
            received_at=at,
            attributes=attributes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedRoute:
    """Where the message would go, and what every step has to say to it."""

    decision: RoutingDecision
    steps: tuple[RoutingStep, ...]


class TryRouting:
    """Asks the same steps, in the same order, that real messages meet. Nothing is changed."""

    def __init__(
        self,
        choose_route: ChooseRoute,
        consent: ConsentStore,
        history: HistoryStore,
        clock: Callable[[], datetime],
    ) -> None:
        self._choose_route = choose_route
        self._consent = consent
        self._history = history
        self._clock = clock

    async def __call__(self, trial: Trial) -> TriedRoute:
        """The route and why.

        Raises:
            NotFound: there is no enabled agent at all.
            StoreUnavailable: the agents, or what is kept of the user, could not be read.
        """
        circumstances = await self._circumstances(trial, trial.message(self._clock()))
        if trial.active_agent_id is not None:
            active = ActiveAgent(agent_id=trial.active_agent_id, agent_version=0, since=circumstances.message.sent_at)
            circumstances = replace(circumstances, active=active, is_from_history=False)
        decision = choose_agent(circumstances)
        if decision is None:
            raise errors.NotFound("There is no enabled agent.")
        return TriedRoute(decision=decision, steps=explain_route(circumstances))

    async def _circumstances(self, trial: Trial, message: InboundMessage) -> Circumstances:
        if trial.user_id is None:
            return await self._choose_route.for_nobody(message)
        stored = await self._history.load_conversation(message.key)
        conversation = stored or Conversation(id="trial", key=message.key)
        return replace(
            await self._choose_route.circumstances(conversation, message),
            has_opted_out=await self._consent.has_opted_out(message.key),
            is_with_person=conversation.status is ConversationStatus.HUMAN,
        )
