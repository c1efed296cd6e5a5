"""DocumentStore over PostgreSQL: a document and its passages come and go in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, Update, delete, func, insert, select, update

from shared import errors
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.identifiers import is_id, new_id
from shared.adapters.postgres.schema import agents, documents, knowledge_passages
from shared.domain.knowledge.document import (
    MOST_DOCUMENTS,
    MOST_PASSAGES_OF_AGENT,
    Document,
    DocumentPassage,
    MeasuredPassage,
    NewDocument,
)

_ROWS_AT_ONCE = 100
_PASSAGES_OF_IT = (
    select(func.count())
    .select_from(knowledge_passages)
    .where(knowledge_passages.c.document_id == documents.c.id)
    .scalar_subquery()
    .label("passage_count")
)
_KNOWN = select(documents, _PASSAGES_OF_IT)


class PostgresDocumentStore:
    """Implements `DocumentStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self, agent_id: str) -> tuple[Document, ...]:
        """See `DocumentStore.all`."""
        query = _KNOWN.where(documents.c.agent_id == agent_id).order_by(documents.c.created_at, documents.c.id)

        def work(connection: Connection) -> Sequence[Row[Any]]:
            _check_agent(connection, agent_id)
            return connection.execute(query).all()

        return tuple(_document(row) for row in await self._database.run(work))

    async def document(self, agent_id: str, document_id: str) -> Document:
        """See `DocumentStore.document`."""
        return _document(await self._database.run_alone(lambda connection: _one(connection, agent_id, document_id)))

    async def passages(self, agent_id: str, document_id: str, *, after: int, limit: int) -> tuple[DocumentPassage, ...]:
        """See `DocumentStore.passages`."""
        query = (
            select(knowledge_passages.c.id, knowledge_passages.c.title, knowledge_passages.c.text)
            .where(
                knowledge_passages.c.agent_id == agent_id,
                knowledge_passages.c.document_id == document_id,
                knowledge_passages.c.position >= after,
            )
            .order_by(knowledge_passages.c.position)
            .limit(limit)
        )
        rows = await self._database.run_alone(lambda connection: connection.execute(query).all())
        return tuple(DocumentPassage(id=str(row.id), title=row.title, text=row.text) for row in rows)

    async def with_content(self, agent_id: str, sha256: str) -> Document | None:
        """See `DocumentStore.with_content`."""

        def work(connection: Connection) -> Row[Any] | None:
            _check_agent(connection, agent_id)
            return connection.execute(_same(agent_id, sha256)).one_or_none()

        row = await self._database.run(work)
        return None if row is None else _document(row)

    async def add(self, document: NewDocument, passages: Sequence[MeasuredPassage]) -> Document:
        """See `DocumentStore.add`."""

        def work(connection: Connection) -> Row[Any]:
            _lock_agent(connection, document.agent_id)
            same = connection.execute(_same(document.agent_id, document.sha256)).one_or_none()
            if same is not None:
                return same
            document_id = new_id()
            connection.execute(insert(documents).values(id=document_id, **_facts(document)))
            _write(connection, document.agent_id, document_id, passages)
            _check_bounds(connection, document.agent_id)
            return _one(connection, document.agent_id, document_id)

        return _document(await self._database.run(work))

    async def replace(self, document_id: str, document: NewDocument, passages: Sequence[MeasuredPassage]) -> Document:
        """See `DocumentStore.replace`."""

        def work(connection: Connection) -> Row[Any]:
            _lock_agent(connection, document.agent_id)
            same = connection.execute(_same(document.agent_id, document.sha256)).one_or_none()
            if same is not None and str(same.id) != document_id:
                raise errors.VersionConflict("Another document of the agent has this content.")
            _one(connection, document.agent_id, document_id)
            connection.execute(_changed(document_id, document))
            connection.execute(delete(knowledge_passages).where(knowledge_passages.c.document_id == document_id))
            _write(connection, document.agent_id, document_id, passages)
            _check_bounds(connection, document.agent_id)
            return _one(connection, document.agent_id, document_id)

        return _document(await self._database.run(work))

    async def remove(self, agent_id: str, document_id: str) -> None:
        """See `DocumentStore.remove`."""

        def work(connection: Connection) -> None:
            _one(connection, agent_id, document_id)
            connection.execute(delete(documents).where(documents.c.id == document_id))

        await self._database.run(work)


def _check_agent(connection: Connection, agent_id: str) -> None:
    if connection.execute(select(agents.c.id).where(agents.c.id == agent_id)).one_or_none() is None:
        raise errors.NotFound("There is no such agent.")


def _lock_agent(connection: Connection, agent_id: str) -> None:
    """Let nobody else change the agent's documents meanwhile, so that its bounds hold."""
    query = select(agents.c.id).where(agents.c.id == agent_id).with_for_update(key_share=True)
    if connection.execute(query).one_or_none() is None:
        raise errors.NotFound("There is no such agent.")


def _one(connection: Connection, agent_id: str, document_id: str) -> Row[Any]:
    query = _KNOWN.where(documents.c.agent_id == agent_id, documents.c.id == document_id)
    row = connection.execute(query).one_or_none() if is_id(document_id) else None
    if row is None:
        raise errors.NotFound("The agent has no such document.")
    return row


def _same(agent_id: str, sha256: str) -> Select[Any]:
    return _KNOWN.where(documents.c.agent_id == agent_id, documents.c.sha256 == sha256)


def _changed(document_id: str, document: NewDocument) -> Update:
    values = _facts(document) | {"updated_at": func.clock_timestamp()}
    return update(documents).where(documents.c.id == document_id).values(values)


def _facts(document: NewDocument) -> dict[str, Any]:
    return {
        "agent_id": document.agent_id,
        "title": document.title,
        "media_type": document.media_type,
        "sha256": document.sha256,
        "size_bytes": document.size_bytes,
    }


def _write(connection: Connection, agent_id: str, document_id: str, passages: Sequence[MeasuredPassage]) -> None:
    rows = [
        {
            "id": new_id(),
            "agent_id": agent_id,
            "document_id": document_id,
            "position": position,
            "title": one.passage.title,
            "text": one.passage.text,
            "embedding": list(one.embedding),
        }
        for position, one in enumerate(passages)
    ]
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        connection.execute(insert(knowledge_passages).values(rows[first : first + _ROWS_AT_ONCE]))


def _check_bounds(connection: Connection, agent_id: str) -> None:
    """Raising undoes what was written."""
    written, passages = connection.execute(
        select(
            select(func.count()).select_from(documents).where(documents.c.agent_id == agent_id).scalar_subquery(),
            select(func.count())
            .select_from(knowledge_passages)
            .where(knowledge_passages.c.agent_id == agent_id)
            .scalar_subquery(),
        )
    ).one()
    if written > MOST_DOCUMENTS:
        raise errors.Inapplicable(f"An agent has at most {MOST_DOCUMENTS} documents.")
    if passages > MOST_PASSAGES_OF_AGENT:
        raise errors.Inapplicable(f"An agent has at most {MOST_PASSAGES_OF_AGENT} passages in all its documents.")


def _document(row: Row[Any]) -> Document:
    return Document(
        id=str(row.id),
        agent_id=row.agent_id,
        title=row.title,
        media_type=row.media_type,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        passage_count=row.passage_count,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
