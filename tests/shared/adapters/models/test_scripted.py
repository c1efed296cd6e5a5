from __future__ import annotations

from shared.adapters.models.scripted import ScriptedModel
from shared.domain.agent import AgentProfile
from shared.domain.prompt import Prompt, TextPiece, TokenUsage

AGENT = AgentProfile(id="a", name="Asha", description="", instructions="", greeting="")
PROMPT = Prompt(agent=AGENT, system="x" * 40, turns=(), question="?", passages=(), colleagues=(), spoken=True)


async def answer(model: ScriptedModel) -> str:
    return "".join([piece.text async for piece in model.stream(PROMPT) if isinstance(piece, TextPiece)])


async def test_replies_come_in_turn() -> None:
    model = ScriptedModel(replies=["First one.", "Second."])

    assert [await answer(model) for _ in range(3)] == ["First one.", "Second.", "First one."]


async def test_default_reply_has_the_asked_number_of_words() -> None:
    assert len((await answer(ScriptedModel(reply_tokens=33))).split()) == 33


async def test_usage_comes_last() -> None:
    pieces = [piece async for piece in ScriptedModel(reply_tokens=5).stream(PROMPT)]

    assert pieces[-1] == TokenUsage(input_tokens=10, output_tokens=5)
    assert len(pieces) == 6
