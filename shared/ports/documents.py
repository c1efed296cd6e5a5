"""Documents of agents: what is kept of them, and how their bytes are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.knowledge.document import Document, DocumentPassage, MeasuredPassage, NewDocument


class DocumentReader(Protocol):
    """Understands the files that people keep what they know in."""

    async def read(self, content: bytes, *, media_type: str, charset: str) -> str:
        """The words of a file, with its headings as those of Markdown.

        Raises:
            InvalidContent: the file is not of its type, is locked, is too long, or is of a type that is not read.
        """


class DocumentStore(Protocol):
    """The documents of all agents, disabled ones included.

    Everything that is asked for raises StoreUnavailable when there is no answer in time, and NotFound when there is
    no such agent, or no such document of the agent.
    """

    async def all(self, agent_id: str) -> tuple[Document, ...]:
        """The documents of an agent, the oldest first."""

    async def document(self, agent_id: str, document_id: str) -> Document:
        """One document."""

    async def passages(self, agent_id: str, document_id: str, *, after: int, limit: int) -> tuple[DocumentPassage, ...]:
        """Some passages of a document in its order, without the first `after`."""

    async def with_content(self, agent_id: str, sha256: str) -> Document | None:
        """The agent's document of this content."""

    async def add(self, document: NewDocument, passages: Sequence[MeasuredPassage]) -> Document:
        """Keep a document with its passages, all or nothing; one of the same content, if there is one, stays instead.

        Raises:
            InvalidContent: the agent would have too many documents or passages.
        """

    async def replace(self, document_id: str, document: NewDocument, passages: Sequence[MeasuredPassage]) -> Document:
        """Put new content in the place of the old, all or nothing.

        Raises:
            InvalidContent: the agent would have too many passages.
            VersionConflict: another document of the agent has this content.
        """

    async def remove(self, agent_id: str, document_id: str) -> None:
        """Remove a document with its passages."""
