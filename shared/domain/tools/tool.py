"""Tools: what an agent may do besides talking, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shared.domain.agent import Passage
from shared.domain.json_value import JSON

BUILT_IN_TOOLS = frozenset({"search_knowledge", "end_call", "send_on_whatsapp", "schedule_call_back"})
"""The names of the platform's own tools, which an agent's profile may list."""

RESERVED_TOOL_NAMES = BUILT_IN_TOOLS | {"hand_over"}
"""What no tool of an operator may be called."""


class ToolOutcome(StrEnum):
    """DONE; REFUSED: the arguments or the circumstances do not allow it; FAILED; TIMED_OUT: not known whether done."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """A tool as a model is told of it.

    Attributes:
        parameters: JSON Schema of an object: what it is called with.
    """

    name: str
    description: str
    parameters: Mapping[str, JSON]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A model asks for a tool. `id` is the model's own, by which it knows the result again.

    Attributes:
        is_readable: whether the model wrote a JSON object as arguments; if not, they are empty and nothing may be done.
    """

    id: str
    name: str
    arguments: Mapping[str, JSON]
    is_readable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolAnswer:
    """What a tool answers.

    Attributes:
        text: what the model is told; data of strangers, never instructions.
        passages: knowledge that it found.
        ends_call: whether the call is to end once the agent's words were heard.
    """

    text: str
    outcome: ToolOutcome = ToolOutcome.DONE
    passages: tuple[Passage, ...] = ()
    ends_call: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """A call and its answer."""

    call: ToolCall
    answer: ToolAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStep:
    """One round of a turn: what the agent said before it called for tools, and what those answered."""

    said: str
    results: tuple[ToolResult, ...] = field(default=())
