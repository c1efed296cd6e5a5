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


STAGES = ("endpoint", "transcript", "context", "reply", "speech")
"""The stages from a caller's last word to the agent's first sound; their sum is `first_audio`."""


def with_first_audio(stages_ms: dict[str, int]) -> dict[str, int]:
    """The stages of a spoken turn with their sum, once there was any sound."""
    if "speech" not in stages_ms:
        return stages_ms
    return {**stages_ms, "first_audio": sum(stages_ms.get(stage, 0) for stage in STAGES)}
