"""A language model that says what it was told to say: for load tests and for tests of everything around it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from itertools import cycle
from types import MappingProxyType

from shared.domain.prompt import CHARACTERS_PER_TOKEN, ModelPiece, Prompt, TextPiece, TokenUsage

# One sentence, however long: the scripted voice takes the same time for each.
_WORDS = ("Thank", "you", "for", "calling", "our", "clinic", "which", "is", "open", "today", "until", "six")


class ScriptedModel:
    """Implements LanguageModel: each answer is the next of the replies, round and round, a word at a time.

    Args:
        replies: what it says; when none are given, one of `reply_tokens` words.
        delay_ms: time before the first word.
        token_interval_ms: time between words; with zero the event loop still gets its turn.
    """

    reads: Mapping[str, int] = MappingProxyType({})

    def __init__(
        self,
        *,
        replies: Sequence[str] = (),
        reply_tokens: int = 20,
        delay_ms: int = 0,
        token_interval_ms: int = 0,
    ) -> None:
        default = " ".join(_WORDS[number % len(_WORDS)] for number in range(reply_tokens))
        self._replies = cycle(replies or (default,))
        self._delay_seconds = delay_ms / 1000
        self._interval_seconds = token_interval_ms / 1000

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelPiece, None]:
        """Yield the next reply, then its usage: a token a word."""
        words = next(self._replies).split()
        await asyncio.sleep(self._delay_seconds)
        for number, word in enumerate(words):
            if number:
                await asyncio.sleep(self._interval_seconds)
            yield TextPiece(text=f" {word}" if number else word)
        yield TokenUsage(input_tokens=len(prompt.system) // CHARACTERS_PER_TOKEN, output_tokens=len(words))
