"""KnowledgeStore over PostgreSQL: passages searched by meaning."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ARRAY, DOUBLE_PRECISION, REAL, Connection, cast, func, select

from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.schema import agents, knowledge_passages
from shared.domain.agent import Passage


class PostgresKnowledgeStore:
    """Implements `KnowledgeStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def search(
        self,
        question: str,  # noqa: ARG002
        embedding: Sequence[float] | None,
        *,
        limit: int,
        agent_id: str | None = None,  # noqa: ARG002
    ) -> tuple[Passage, ...]:
        """See `KnowledgeStore.search`; passages measured by another embedder are passed over."""
        if embedding is None:
            return ()
        return await self._database.run_alone(lambda connection: _search(connection, embedding, limit))


def _search(connection: Connection, embedding: Sequence[float], limit: int) -> tuple[Passage, ...]:
    # A scan: a business has some hundred passages, and the managed database may lack a vector extension.
    question = cast(list(embedding), ARRAY(REAL))
    pairs = (
        func.unnest(knowledge_passages.c.embedding, question).table_valued("of_passage", "of_question").render_derived()
    )
    # In double precision: the product of two tiny single-precision numbers is an error to PostgreSQL, not zero.
    product = cast(pairs.c.of_passage, DOUBLE_PRECISION) * pairs.c.of_question
    score = select(func.sum(product)).scalar_subquery().label("score")
    rows = connection.execute(
        select(
            knowledge_passages.c.id,
            knowledge_passages.c.agent_id,
            knowledge_passages.c.title,
            knowledge_passages.c.text,
            knowledge_passages.c.document_id,
            score,
        )
        .join(agents, agents.c.id == knowledge_passages.c.agent_id)
        .where(agents.c.is_enabled, func.cardinality(knowledge_passages.c.embedding) == len(embedding))
        .order_by(score.desc(), knowledge_passages.c.agent_id, knowledge_passages.c.title)
        .limit(limit)
    )
    return tuple(
        Passage(
            agent_id=row.agent_id,
            title=row.title,
            text=row.text,
            score=row.score,
            id=row.id,
            document_id=row.document_id,
        )
        for row in rows
    )
