"""Summaries by a model that is told what is data, and without a model from the turns themselves."""

from __future__ import annotations

import pytest

from shared.adapters.models.summaries import ExtractiveSummariser, ModelSummariser
from shared.domain.conversation import Speaker
from shared.domain.summary import SUMMARY_TOKENS
from shared.domain.tokens import estimate_tokens
from shared.errors import ModelUnavailable
from tests.fakes.language_model import FakeLanguageModel
from tests.fakes.prompts import turn
from tests.prompt_attacks import ATTACKS

TURNS = (
    turn(Speaker.USER, "Hello"),
    turn(Speaker.AGENT, "Namaste! How can I help you?"),
    turn(Speaker.USER, "What does a visit to the family doctor cost?"),
    turn(Speaker.AGENT, "I can tell you that. A consultation costs 600 rupees. Anything else?"),
)


async def test_the_model_is_asked_once_in_the_agents_language() -> None:
    model = FakeLanguageModel({"summary": ["The user asked for the fee."]})

    summary = await ModelSummariser(model).summarise("Earlier words.", TURNS, language="hi-IN")

    (asked,) = model.prompts
    assert summary == "The user asked for the fee."
    assert "the tag hi-IN" in asked.system
    assert "<earlier>\nEarlier words.\n</earlier>" in asked.question
    assert "User: What does a visit" in asked.question
    assert asked.tools == ()


@pytest.mark.parametrize("attack", ATTACKS)
async def test_what_was_said_cannot_leave_its_block(attack: str) -> None:
    model = FakeLanguageModel({"summary": ["Words."]})

    await ModelSummariser(model).summarise(attack, [turn(Speaker.USER, attack)], language="en")

    question = model.prompts[0].question
    assert [question.count(tag) for tag in ("<earlier>", "</earlier>", "<conversation>", "</conversation>")] == [1] * 4


async def test_an_empty_summary_is_none() -> None:
    with pytest.raises(ModelUnavailable):
        await ModelSummariser(FakeLanguageModel({"summary": [" "]})).summarise("", TURNS, language="en")


async def test_without_a_model_questions_and_telling_sentences_are_kept() -> None:
    summary = await ExtractiveSummariser().summarise("User: I am Ravi Kumar.", TURNS, language="en")

    assert summary.splitlines() == [
        "User: I am Ravi Kumar.",
        "User: What does a visit to the family doctor cost?",
        "Agent: A consultation costs 600 rupees.",
    ]


async def test_without_a_model_the_newest_stays_within_the_bound() -> None:
    turns = [turn(Speaker.USER, f"Question number {number} about the fees?") for number in range(200)]

    summary = await ExtractiveSummariser().summarise("", turns, language="en")

    assert summary.endswith("Question number 199 about the fees?")
    assert estimate_tokens(summary) <= SUMMARY_TOKENS
