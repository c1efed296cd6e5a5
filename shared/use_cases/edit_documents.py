"""What an agent knows is uploaded, read, cut into passages and measured, then kept in one piece."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass

from shared import errors
from shared.domain.agent import Passage
from shared.domain.knowledge.document import (
    LARGEST_DOCUMENT_BYTES,
    Document,
    DocumentPassage,
    MeasuredPassage,
    NewDocument,
    cut_into_passages,
)
from shared.observability import logger
from shared.ports.documents import DocumentReader, DocumentStore
from shared.ports.knowledge import KnowledgeStore
from shared.ports.language_model import Embedder

MEASURING_SECONDS = 20.0
"""Longest time for all passages of a document, so that the function still answers by itself."""

_MEASURED_AT_ONCE = 8
_RETRY_AFTER_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file as it was sent."""

    title: str
    media_type: str
    content: bytes
    charset: str = "utf-8"

    @property
    def sha256(self) -> str:
        """Tells whether the same was uploaded before."""
        return hashlib.sha256(self.content).hexdigest()


class EditDocuments:
    """Adds, replaces and removes documents of agents; they are searched from the next message on."""

    def __init__(self, documents: DocumentStore, reader: DocumentReader, embedder: Embedder | None) -> None:
        self._documents = documents
        self._reader = reader
        self._embedder = embedder

    async def all(self, agent_id: str) -> tuple[Document, ...]:
        """The documents of an agent, the oldest first."""
        return await self._documents.all(agent_id)

    async def read(
        self, agent_id: str, document_id: str, *, after: int, limit: int
    ) -> tuple[Document, tuple[DocumentPassage, ...]]:
        """One document, and some of its passages without the first `after`."""
        document = await self._documents.document(agent_id, document_id)
        return document, await self._documents.passages(agent_id, document_id, after=after, limit=limit)

    async def add(self, agent_id: str, upload: Upload) -> tuple[Document, bool]:
        """Keep a document, and say whether it is new: the same content again changes nothing.

        Raises:
            NotFound: no such agent.
            TooLarge: the file is larger than LARGEST_DOCUMENT_BYTES.
            InvalidContent: the file cannot be read, or has too much or nothing to say.
            ModelUnavailable: its meaning cannot be measured now; nothing was kept.
            StoreUnavailable: nothing is known to have been kept.
        """
        _check_size(upload)
        same = await self._documents.with_content(agent_id, upload.sha256)
        if same is not None:
            return same, False
        document = await self._documents.add(_described(agent_id, upload), await self._passages(upload))
        logger.info("document_added", agent_id=agent_id, document_id=document.id, passages=document.passage_count)
        return document, True

    async def replace(self, agent_id: str, document_id: str, upload: Upload) -> Document:
        """Put new content, measured anew, in the place of a document's; an empty title stays what it was.

        Raises:
            NotFound: no such document of the agent.
            VersionConflict: another document of the agent has this content.
            Others: as `add`.
        """
        _check_size(upload)
        known = await self._documents.document(agent_id, document_id)
        titled = Upload(
            title=upload.title or known.title,
            media_type=upload.media_type,
            content=upload.content,
            charset=upload.charset,
        )
        passages = await self._passages(titled)
        document = await self._documents.replace(document_id, _described(agent_id, titled), passages)
        logger.info("document_replaced", agent_id=agent_id, document_id=document.id, passages=document.passage_count)
        return document

    async def remove(self, agent_id: str, document_id: str) -> None:
        """Forget a document."""
        await self._documents.remove(agent_id, document_id)
        logger.info("document_removed", agent_id=agent_id, document_id=document_id)

    async def _passages(self, upload: Upload) -> list[MeasuredPassage]:
        text = await self._reader.read(upload.content, media_type=upload.media_type, charset=upload.charset)
        return await measured(cut_into_passages(text, title=upload.title), self._embedder)


class SearchKnowledge:
    """Shows what a question would find in the knowledge of one agent."""

    def __init__(self, documents: DocumentStore, knowledge: KnowledgeStore, embedder: Embedder | None) -> None:
        self._documents = documents
        self._knowledge = knowledge
        self._embedder = embedder

    async def __call__(self, agent_id: str, question: str, *, limit: int) -> tuple[Passage, ...]:
        """The passages, best first; found by words alone where meaning cannot be measured.

        Raises:
            NotFound: no such agent.
            StoreUnavailable: no answer in time.
        """
        await self._documents.all(agent_id)
        return await self._knowledge.search(question, await self._meaning(question), limit=limit, agent_id=agent_id)

    async def _meaning(self, question: str) -> tuple[float, ...] | None:
        if self._embedder is None:
            return None
        try:
            (vector,) = await self._embedder.embed([question])
        except errors.ModelUnavailable:
            logger.warning("embedder_unavailable")
            return None
        return vector


async def measured(passages: tuple[DocumentPassage, ...], embedder: Embedder | None) -> list[MeasuredPassage]:
    """The passages with their vectors, without an embedder with none.

    Raises:
        ModelUnavailable: some could not be measured, or not all within MEASURING_SECONDS.
    """
    if embedder is None:
        return [MeasuredPassage(passage=passage) for passage in passages]
    try:
        async with asyncio.timeout(MEASURING_SECONDS):
            return await _measured_in_turns(passages, embedder)
    except (errors.ModelUnavailable, TimeoutError) as error:
        message = "The document's meaning cannot be measured now; nothing was kept. Try again, or upload it in parts."
        raise errors.ModelUnavailable(message, retry_after_seconds=_RETRY_AFTER_SECONDS) from error


async def _measured_in_turns(passages: tuple[DocumentPassage, ...], embedder: Embedder) -> list[MeasuredPassage]:
    found: list[MeasuredPassage] = []
    for first in range(0, len(passages), _MEASURED_AT_ONCE):
        some = passages[first : first + _MEASURED_AT_ONCE]
        vectors = await embedder.embed([passage.measured for passage in some])
        found += [
            MeasuredPassage(passage=passage, embedding=tuple(vector))
            for passage, vector in zip(some, vectors, strict=True)
        ]
    return found


def _described(agent_id: str, upload: Upload) -> NewDocument:
    return NewDocument(
        agent_id=agent_id,
        title=upload.title,
        media_type=upload.media_type,
        sha256=upload.sha256,
        size_bytes=len(upload.content),
    )


def _check_size(upload: Upload) -> None:
    if len(upload.content) > LARGEST_DOCUMENT_BYTES:
        raise errors.TooLarge(f"A document may have {LARGEST_DOCUMENT_BYTES} bytes; upload it in parts.")
