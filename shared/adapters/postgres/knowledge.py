"""KnowledgeStore over PostgreSQL: full text by the server, meaning by vectors that are kept until they change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, text

from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.passage_vectors import PassageVectors
from shared.domain.agent import Passage
from shared.domain.knowledge.retrieval import Candidate, Spread, best_passages
from shared.domain.knowledge.search_words import MOST_SEARCH_WORDS, forms, is_open, optional_words, search_words

_NEAREST = 24
_WITH_MOST_WORDS = 48
# As the column `words` weighs the title.
_OF_TITLE = "A"
# One row at least, whatever is found: what was searched, and in which revision.
_FOUND = text("""
    WITH asked AS (
        SELECT place - 1 AS place, CAST(query AS TSQUERY) AS query, CAST(title_query AS TSQUERY) AS title_query
        FROM unnest(CAST(:queries AS TEXT[]), CAST(:title_queries AS TEXT[])) WITH ORDINALITY
             AS given (query, title_query, place)
    ), searched AS (
        SELECT id FROM agents
        WHERE CASE WHEN CAST(:agent_id AS TEXT) IS NULL THEN is_enabled ELSE id = :agent_id END
    ), known AS MATERIALIZED (
        SELECT passage.id, passage.words
        FROM knowledge_passages AS passage JOIN searched ON searched.id = passage.agent_id
    ), hits AS MATERIALIZED (
        SELECT known.id, asked.place, known.words @@ asked.title_query AS is_in_title
        FROM known JOIN asked ON known.words @@ asked.query
    ), spread AS (
        SELECT place, count(*) AS passages FROM hits GROUP BY place
    ), by_words AS (
        SELECT hits.id, array_agg(place) AS places, array_agg(place) FILTER (WHERE is_in_title) AS title_places
        FROM hits JOIN spread USING (place)
        GROUP BY hits.id ORDER BY sum(1.0 / spread.passages) DESC, hits.id LIMIT :with_most_words
    ), look AS (
        SELECT coalesce((SELECT revision FROM knowledge_revision), 0) AS revision,
               (SELECT array_agg(id) FROM searched) AS agents,
               (SELECT count(*) FROM known) AS passages,
               (SELECT jsonb_object_agg(place, passages) FROM spread) AS passages_with
    )
    SELECT look.*, passage.id, passage.agent_id, passage.title, passage.text, passage.document_id,
           by_words.places, by_words.title_places
    FROM look LEFT JOIN by_words ON true LEFT JOIN knowledge_passages AS passage ON passage.id = by_words.id
""")


class PostgresKnowledgeStore:
    """Implements `KnowledgeStore`: one trip for each search, one more after knowledge has changed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._vectors: PassageVectors | None = None

    async def search(
        self, question: str, embedding: Sequence[float] | None, *, limit: int, agent_id: str | None = None
    ) -> tuple[Passage, ...]:
        """See `KnowledgeStore.search`; the meaning of passages measured by another embedder is not compared."""
        # In the thread of the driver: to compare thousands of passages takes milliseconds.
        return await self._database.run_alone(
            lambda connection: self._search(connection, question, embedding, limit=limit, agent_id=agent_id)
        )

    def _search(
        self,
        connection: Connection,
        question: str,
        embedding: Sequence[float] | None,
        *,
        limit: int,
        agent_id: str | None,
    ) -> tuple[Passage, ...]:
        stems = search_words(question)[:MOST_SEARCH_WORDS]
        rows = _found(connection, stems, agent_id)
        look = rows[0]
        candidates = {str(row.id): _candidate(row) for row in rows if row.id is not None}
        if embedding is not None:
            vectors = self._current(connection, look.revision)
            for near in vectors.nearest(embedding, set(look.agents or ()), limit=_NEAREST):
                candidates.setdefault(near.passage.id, near)
            candidates = {name: _measured(one, vectors, embedding) for name, one in candidates.items()}
        known = {int(place): passages for place, passages in (look.passages_with or {}).items()}
        spread = Spread(words=len(stems), passages=look.passages, passages_with=known, optional=optional_words(stems))
        return best_passages(candidates.values(), spread, limit=limit)

    def _current(self, connection: Connection, revision: int) -> PassageVectors:
        kept = self._vectors
        if kept is None or kept.revision != revision:
            kept = self._vectors = PassageVectors.read(connection)
        return kept


def _found(connection: Connection, stems: Sequence[str], agent_id: str | None) -> Sequence[Row[Any]]:
    values = {
        "queries": [_query(stem) for stem in stems],
        "title_queries": [_query(stem, weight=_OF_TITLE) for stem in stems],
        "agent_id": agent_id,
        "with_most_words": _WITH_MOST_WORDS,
    }
    return connection.execute(_FOUND, values).all()


def _query(stem: str, *, weight: str = "") -> str:
    """A text search query for the forms of one word; letters and digits alone, so that nothing has to be escaped."""
    suffix = f":{weight}" if weight else ""
    return f"'{stem}':*{weight}" if is_open(stem) else " | ".join(f"'{form}'{suffix}" for form in forms(stem))


def _measured(candidate: Candidate, vectors: PassageVectors, embedding: Sequence[float]) -> Candidate:
    if candidate.closeness is not None:
        return candidate
    return replace(candidate, closeness=vectors.closeness(candidate.passage.id, embedding))


def _candidate(row: Row[Any]) -> Candidate:
    return Candidate(
        passage=Passage(
            agent_id=row.agent_id,
            title=row.title,
            text=row.text,
            score=0.0,
            id=str(row.id),
            document_id=None if row.document_id is None else str(row.document_id),
        ),
        words=frozenset(row.places or ()),
        title_words=frozenset(row.title_places or ()),
    )
