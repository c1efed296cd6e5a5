"""Prompts for the tests of language models."""

from __future__ import annotations

from datetime import UTC, datetime

from shared.domain.agent import AgentProfile
from shared.domain.conversation import Speaker, Turn
from shared.domain.prompt import NOTHING_ENCLOSED, Colleague, Enclosed, Prompt
from shared.domain.tools.tool import ToolAnswer, ToolCall, ToolOutcome, ToolResult, ToolSpec, ToolStep

_AGENT = AgentProfile(id="reception", name="Asha", description="Reception", instructions="Be kind.", greeting="Hello!")

COLLEAGUES = (
    Colleague(id="billing", description="Invoices and payments"),
    Colleague(id="human", description="A person of the clinic"),
)

SEARCH = ToolSpec(
    name="search_knowledge",
    description="Search what the clinic knows.",
    parameters={"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
)
BOOK = ToolSpec(
    name="book-slot",
    description="Book an appointment.",
    parameters={"type": "object", "properties": {"day": {"type": "string"}, "at": {"type": "object"}}},
)


def a_step(
    said: str = "",
    *,
    call_id: str = "tooluse_1",
    name: str = "search_knowledge",
    answer: str = "Open at nine.",
    outcome: ToolOutcome = ToolOutcome.DONE,
) -> ToolStep:
    """A round in which one tool was used."""
    call = ToolCall(id=call_id, name=name, arguments={"query": "hours"})
    return ToolStep(said=said, results=(ToolResult(call=call, answer=ToolAnswer(text=answer, outcome=outcome)),))


def turn(speaker: Speaker, text: str) -> Turn:
    """One turn at a fixed time."""
    return Turn(speaker=speaker, text=text, at=datetime(2026, 11, 22, tzinfo=UTC))


def make_prompt(
    question: str = "When do you open?",
    *,
    turns: tuple[Turn, ...] = (),
    colleagues: tuple[Colleague, ...] = COLLEAGUES,
    enclosed: Enclosed = NOTHING_ENCLOSED,
    tools: tuple[ToolSpec, ...] = (),
    steps: tuple[ToolStep, ...] = (),
) -> Prompt:
    """A prompt of a phone call."""
    return Prompt(
        agent=_AGENT,
        system="Be kind.",
        turns=turns,
        question=question,
        passages=(),
        colleagues=colleagues,
        spoken=True,
        enclosed=enclosed,
        tools=tools,
        steps=steps,
    )
