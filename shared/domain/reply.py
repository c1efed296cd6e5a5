"""A reply on its way: kept before it is sent, so that a crash neither loses nor doubles it."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.domain.agent import RoutingDecision
from shared.domain.message import DeliveryStatus
from shared.domain.prompt import TokenUsage


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyDraft:
    """A reply as it was decided. Empty `text` means that nothing is to be said.

    Attributes:
        stages_ms: milliseconds of each stage so far, by stage name.
    """

    text: str
    agent_id: str | None
    route: RoutingDecision | None = None
    usage: TokenUsage | None = None
    stages_ms: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldReply:
    """A draft in the outbox. `status` SENDING means that a worker began to send it and was not heard of again."""

    delivery_id: str
    draft: ReplyDraft
    status: DeliveryStatus
