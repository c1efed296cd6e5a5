"""What came of a step, as far as it was seen from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Turn = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenAnswer:
    """What a caller heard.

    Attributes:
        mulaw: all of it.
        first_audio_ms: after the end of the caller's speech.
        silent_after_ms: the agent was talked over and fell silent so long after the first sound of it.
    """

    mulaw: bytes = b""
    first_audio_ms: int | None = None
    silent_after_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Everything that the expectations of a step may ask for.

    Attributes:
        texts: messages to the user, or what the agent said in the call.
        kinds: of those messages.
        answers: the turns of the history that they are.
        question: the turn that the user's message is.
        history: all turns.
        conversation: as the API shows it; empty while there is none.
        tools: names of the tools used in this step, in order.
        response: status and body of an operator's request.
        missing: what was waited for in vain.
    """

    elapsed_seconds: float = 0
    texts: Sequence[str] = ()
    kinds: Sequence[str] = ()
    answers: Sequence[Turn] = ()
    question: Turn | None = None
    history: Sequence[Turn] = ()
    conversation: Mapping[str, Any] | None = None
    tools: Sequence[str] = ()
    spoken: SpokenAnswer | None = None
    heard: str | None = None
    call_is_over: bool | None = None
    call_ended_after_seconds: float | None = None
    response: tuple[int, str] | None = None
    missing: Sequence[str] = ()

    @property
    def text(self) -> str:
        """The whole answer."""
        return "\n".join(self.texts)


def line_of(turn: Turn, text: str) -> str:
    """What was said to the user, by whom and why by them."""
    why = f"  [{turn.get('route_reason')}: {turn.get('route_detail')}]" if turn else ""
    return f"{turn.get('agent_id') or turn.get('speaker') or '-':<14} {text}{why}"
