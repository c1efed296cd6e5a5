"""Prompts for the tests of language models."""

from __future__ import annotations

from datetime import UTC, datetime

from shared.domain.agent import AgentProfile
from shared.domain.conversation import Speaker, Turn
from shared.domain.prompt import NOTHING_ENCLOSED, Colleague, Enclosed, Prompt

_AGENT = AgentProfile(id="reception", name="Asha", description="Reception", instructions="Be kind.", greeting="Hello!")

COLLEAGUES = (
    Colleague(id="billing", description="Invoices and payments"),
    Colleague(id="human", description="A person of the clinic"),
)


def turn(speaker: Speaker, text: str) -> Turn:
    """One turn at a fixed time."""
    return Turn(speaker=speaker, text=text, at=datetime(2026, 11, 22, tzinfo=UTC))


def make_prompt(
    question: str = "When do you open?",
    *,
    turns: tuple[Turn, ...] = (),
    colleagues: tuple[Colleague, ...] = COLLEAGUES,
    enclosed: Enclosed = NOTHING_ENCLOSED,
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
    )
