"""DocumentStore in memory, over the knowledge of a FakeAgentStore."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from shared import errors
from shared.domain.agent import Passage
from shared.domain.knowledge.document import (
    MOST_DOCUMENTS,
    MOST_PASSAGES_OF_AGENT,
    Document,
    DocumentPassage,
    MeasuredPassage,
    NewDocument,
)
from tests.fakes.stores import FakeAgentStore

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class FakeDocumentStore:
    """Implements `DocumentStore`; what it keeps is found by the search of `agents`."""

    agents: FakeAgentStore

    def __post_init__(self) -> None:
        self._kept: dict[str, tuple[Document, tuple[DocumentPassage, ...]]] = {}
        self._ids = 0

    async def all(self, agent_id: str) -> tuple[Document, ...]:
        self._check(agent_id)
        return tuple(document for document, _ in self._kept.values() if document.agent_id == agent_id)

    async def document(self, agent_id: str, document_id: str) -> Document:
        document, _ = self._kept.get(document_id, (None, ()))
        if document is None or document.agent_id != agent_id:
            raise errors.NotFound("The agent has no such document.")
        return document

    async def passages(self, agent_id: str, document_id: str, *, after: int, limit: int) -> tuple[DocumentPassage, ...]:
        document, passages = self._kept.get(document_id, (None, ()))
        return passages[after : after + limit] if document is not None and document.agent_id == agent_id else ()

    async def with_content(self, agent_id: str, sha256: str) -> Document | None:
        return next((document for document in await self.all(agent_id) if document.sha256 == sha256), None)

    async def add(self, document: NewDocument, passages: Sequence[MeasuredPassage]) -> Document:
        same = await self.with_content(document.agent_id, document.sha256)
        if same is not None:
            return same
        known = await self.all(document.agent_id)
        if len(known) >= MOST_DOCUMENTS:
            raise errors.Inapplicable("too many documents")
        return self._keep(self._new_id(), document, passages, created_at=NOON)

    async def replace(self, document_id: str, document: NewDocument, passages: Sequence[MeasuredPassage]) -> Document:
        same = await self.with_content(document.agent_id, document.sha256)
        if same is not None and same.id != document_id:
            raise errors.VersionConflict("Another document of the agent has this content.")
        known = await self.document(document.agent_id, document_id)
        return self._keep(document_id, document, passages, created_at=known.created_at)

    async def remove(self, agent_id: str, document_id: str) -> None:
        await self.document(agent_id, document_id)
        del self._kept[document_id]
        self._forget_passages(document_id)

    def _keep(
        self, document_id: str, document: NewDocument, passages: Sequence[MeasuredPassage], *, created_at: datetime
    ) -> Document:
        others = sum(
            known.passage_count
            for known, _ in self._kept.values()
            if known.agent_id == document.agent_id and known.id != document_id
        )
        if others + len(passages) > MOST_PASSAGES_OF_AGENT:
            raise errors.Inapplicable("too many passages")
        self._forget_passages(document_id)
        kept = Document(
            id=document_id,
            agent_id=document.agent_id,
            title=document.title,
            media_type=document.media_type,
            sha256=document.sha256,
            size_bytes=document.size_bytes,
            passage_count=len(passages),
            created_at=created_at,
            updated_at=NOON,
        )
        named = tuple(replace(one.passage, id=self._new_id()) for one in passages)
        self._kept[document_id] = (kept, named)
        for passage, one in zip(named, passages, strict=True):
            found = Passage(
                agent_id=document.agent_id,
                title=passage.title,
                text=passage.text,
                score=0,
                id=passage.id,
                document_id=document_id,
            )
            self.agents.knowledge.append((found, one.embedding))
        return kept

    def _forget_passages(self, document_id: str) -> None:
        self.agents.knowledge[:] = [
            (passage, vector) for passage, vector in self.agents.knowledge if passage.document_id != document_id
        ]

    def _check(self, agent_id: str) -> None:
        if all(agent.id != agent_id for agent in self.agents.agents):
            raise errors.NotFound("There is no such agent.")

    def _new_id(self) -> str:
        self._ids += 1
        return str(UUID(int=self._ids))
