"""The model that writes the replies, and the one that measures meaning."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Protocol

from shared.domain.prompt import ModelPiece, Prompt


class LanguageModel(Protocol):
    """Writes a reply to a prompt, piece by piece."""

    @property
    def reads(self) -> Mapping[str, int]:
        """The types of files that it reads, each with the largest size in bytes.

        `text/plain` among them says that it understands any text, such as the description of a place.
        """

    def stream(self, prompt: Prompt) -> AsyncGenerator[ModelPiece, None]:
        """Yield the answer as it is written; closing the generator stops the model.

        A HandOver ends the answer. Calls for tools come after its words: once they are answered, the same prompt is
        asked again with one step more. At most one TokenUsage comes, last.

        Raises:
            ModelUnavailable: no first piece, or no next one, within the adapter's timeout.
        """


class Embedder(Protocol):
    """Turns text into a vector whose dot product with another is their similarity of meaning."""

    async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """One unit-length vector per text, in the same order.

        Raises:
            ModelUnavailable: no answer within the adapter's timeout.
        """
