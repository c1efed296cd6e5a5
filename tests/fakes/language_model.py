"""LanguageModel and Embedder in memory."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence

from shared.domain.prompt import ModelPiece, Prompt, TextPiece

Script = str | Sequence[ModelPiece | Exception]


class FakeLanguageModel:
    """Implements `LanguageModel`: each agent says what its script holds, in order; the last script repeats.

    An exception in a script is raised in its place. `prompts` holds what was asked, `closed` how many answers ended or
    were closed. `reads` are the types of files that it takes.
    """

    def __init__(
        self, scripts: Mapping[str, Sequence[Script]] | None = None, *, reads: Mapping[str, int] | None = None
    ) -> None:
        self.reads: Mapping[str, int] = reads or {}
        self._scripts = {agent_id: list(answers) for agent_id, answers in (scripts or {}).items()}
        self.prompts: list[Prompt] = []
        self.closed = 0

    @property
    def asked(self) -> list[str]:
        """The agents that were asked, in order."""
        return [prompt.agent.id for prompt in self.prompts]

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelPiece, None]:
        self.prompts.append(prompt)
        answers = self._scripts.get(prompt.agent.id, [f"Answer {len(self.prompts)}."])
        script = answers.pop(0) if len(answers) > 1 else answers[0]
        pieces = [TextPiece(text=script)] if isinstance(script, str) else script
        try:
            for piece in pieces:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            self.closed += 1


class FakeEmbedder:
    """Implements `Embedder` by a table of texts and vectors; what is not in it means nothing."""

    def __init__(self, vectors: Mapping[str, tuple[float, ...]] | None = None, *, dimensions: int = 2) -> None:
        self._vectors = dict(vectors or {})
        self._unknown = (0.0,) * dimensions

    async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        return [self._vectors.get(text, self._unknown) for text in texts]
