"""A reply on its way: kept before it is sent, so that a crash neither loses nor doubles it."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.domain.agent import HUMAN, Citation, RoutingDecision
from shared.domain.message import Delivery, DeliveryStatus, ReplyPart
from shared.domain.prompt import HandOver, TokenUsage
from shared.domain.voice import Voice

_LONGEST_POSITION = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyDraft:
    """A reply as it was decided. Empty `text` means that nothing is to be said.

    Attributes:
        stages_ms: milliseconds of each stage so far, by stage name.
        voice: how it sounds as a voice note; None where it is to be read.
        citations: the knowledge that it rests on.
        hand_overs: how often agents handed over while it was written.
        tool_calls: how often they used a tool.
        is_apology: whether no agent had an answer.
    """

    text: str
    agent_id: str | None
    route: RoutingDecision | None = None
    usage: TokenUsage | None = None
    stages_ms: dict[str, int] = field(default_factory=dict)
    voice: Voice | None = None
    citations: tuple[Citation, ...] = ()
    hand_overs: int = 0
    tool_calls: int = 0
    is_apology: bool = False

    @property
    def calls_a_person(self) -> bool:
        """Whether it announces the person who is to take the conversation over."""
        return self.route is not None and self.route.agent_id == HUMAN


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldReply:
    """A draft in the outbox, cut into the messages that its channel can carry.

    `status` SENDING means that a worker began to send it and was not heard of again; that of the parts says how far it
    came.
    """

    delivery_id: str
    draft: ReplyDraft
    status: DeliveryStatus
    parts: tuple[ReplyPart, ...] = ()

    def id_of(self, part: ReplyPart) -> str:
        """The delivery id under which a part is handed to the provider."""
        return self.delivery_id if len(self.parts) == 1 else f"{self.delivery_id}.{part.position}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a message that got a reply.

    Attributes:
        hand_over: tells a call that a person is wanted.
        words: what the user said, where the message itself holds no words: a voice note was heard.
        ends_call: tells a call that it is over.
    """

    draft: ReplyDraft
    delivery: Delivery
    hand_over: HandOver | None = None
    ends_call: bool = False
    words: str = ""


def place_of(correlation_id: str) -> tuple[str, int]:
    """The delivery that an id handed to a provider stands for, and the position of the part, as `id_of` made it."""
    delivery_id, dot, position = correlation_id.rpartition(".")
    is_part = bool(dot) and position.isascii() and position.isdigit() and len(position) <= _LONGEST_POSITION
    return (delivery_id, int(position)) if is_part else (correlation_id, 1)


STAGES = ("endpoint", "transcript", "context", "reply", "speech")
"""The stages from a caller's last word to the first sound of the answer; their sum is `first_audio`."""


END_TO_END = "end_to_end"
"""The stage of what is ours: from when a turn is known to be over until its answer's first sound was sent, or from when
a message was received until the provider took the whole answer. Measured by itself, for stages may leave gaps."""


def voice_to_voice_ms(stages_ms: dict[str, int]) -> int | None:
    """From a caller's last sound to the answer's first one, the silence that ended the turn included; None: unknown."""
    if "endpoint" not in stages_ms or END_TO_END not in stages_ms:
        return None
    return stages_ms["endpoint"] + stages_ms[END_TO_END]


_OF_OTHERS = ("attachments", "model", "tools", "send")
"""What a written turn waits for that is not the platform: files and their words, the model, a business's systems, the
provider."""


def own_ms(stages_ms: dict[str, int]) -> int | None:
    """What the platform itself adds to a turn: all of it but the waiting for engines, tools and providers.

    Of a spoken turn the engines are the recogniser after the last word, the model until the first words (`reply`
    without `routing`), and the voice until its first sound; gaps between stages are ours. None for a turn of which
    nobody heard or read anything.
    """
    if END_TO_END not in stages_ms:
        return None
    if "speech" not in stages_ms:
        return max(0, stages_ms[END_TO_END] - sum(stages_ms.get(stage, 0) for stage in _OF_OTHERS))
    until_worded_ms = max(0, stages_ms.get("reply", 0) - stages_ms.get("routing", 0))
    return max(0, stages_ms[END_TO_END] - stages_ms.get("transcript", 0) - until_worded_ms - stages_ms["speech"])


def processing_ms(stages_ms: dict[str, int]) -> int:
    """How long a turn took: until it was sent, or until the caller heard something; as far as an unheard one came."""
    return stages_ms.get("total", sum(stages_ms.get(stage, 0) for stage in STAGES))


def with_first_audio(stages_ms: dict[str, int]) -> dict[str, int]:
    """The stages of a spoken turn with their sum, once there was any sound."""
    if "speech" not in stages_ms:
        return stages_ms
    return {**stages_ms, "first_audio": sum(stages_ms.get(stage, 0) for stage in STAGES)}
