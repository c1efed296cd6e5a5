"""An agent's words on their way to the user: stopped before they give something away."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

from shared.domain.guardrails.output_guard import OutputGuard
from shared.domain.json_value import JSON
from shared.domain.prompt import HandOver, Prompt, TextPiece
from shared.domain.spoken.phrases import primary_language
from shared.domain.tools.tool import ToolCall
from shared.errors import ModelUnavailable
from shared.observability import count, holds_secret, logger

_REFUSALS = {
    "en": "I'm sorry, I can't share that. Is there anything else I can help you with?",
    "hi": "माफ़ कीजिए, यह जानकारी नहीं दी जा सकती। क्या किसी और बात में मदद चाहिए?",
    "ta": "மன்னிக்கவும், அதைப் பகிர முடியாது. வேறு ஏதாவது உதவி வேண்டுமா?",
}


def guard_of(prompt: Prompt) -> OutputGuard:
    """The guard of one agent's answer."""
    agent = prompt.agent
    known = (f"{passage.title} {passage.text}" for passage in prompt.passages)
    return OutputGuard(
        instructions=agent.instructions,
        quotable="\n".join((agent.name, agent.description, agent.greeting, agent.scope, *known)),
        holds_secret=holds_secret,
    )


def refusal(language: str) -> str:
    """What the user is told instead, in this language (BCP 47), else in English."""
    return _REFUSALS.get(primary_language(language), _REFUSALS["en"])


async def guarded(
    pieces: AsyncGenerator[TextPiece | HandOver | ToolCall, None], guard: OutputGuard, *, agent_id: str
) -> AsyncGenerator[TextPiece | HandOver | ToolCall, None]:
    """The same pieces, to the letter, until one would give something away: then the agent is stopped."""
    async with aclosing(pieces):
        try:
            async for piece in pieces:
                for one in _let_through(piece, guard):
                    yield one
                if guard.breach is not None:
                    break
        except ModelUnavailable:
            # What it had said stands.
            if rest := guard.finish():
                yield TextPiece(text=rest)
            raise
        if guard.breach is None and (rest := guard.finish()):
            yield TextPiece(text=rest)
    if guard.breach is not None:
        logger.warning("output_blocked", agent_id=agent_id, kind=guard.breach.value)
        count("outputs_blocked", kind=guard.breach.value)


def _let_through(
    piece: TextPiece | HandOver | ToolCall, guard: OutputGuard
) -> Iterator[TextPiece | HandOver | ToolCall]:
    if isinstance(piece, TextPiece):
        if said := guard.feed(piece.text):
            yield TextPiece(text=said)
        return
    if said := guard.finish():
        yield TextPiece(text=said)
    # A tool may carry its arguments out of the house.
    for words in _texts(dict(piece.arguments)) if isinstance(piece, ToolCall) else ():
        guard.feed(f"{words}\n")
    if guard.breach is None:
        yield piece


def _texts(value: JSON) -> Iterator[str]:
    """All texts inside, names included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
