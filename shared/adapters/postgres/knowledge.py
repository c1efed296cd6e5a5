"""KnowledgeStore over PostgreSQL: passages searched by meaning and by full text in one trip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from shared.adapters.postgres.engine import Database
from shared.domain.agent import Passage
from shared.domain.retrieval import Candidate, Spread, best_passages
from shared.domain.search_words import MOST_SEARCH_WORDS, forms, is_open, optional_words, search_words

_NEAREST = 24
_WITH_MOST_WORDS = 48
# As the column `words` weighs the title.
_OF_TITLE = "A"
# Meaning is a scan: a business has some hundred passages, and the managed database may lack a vector extension.
# In double precision: the product of two tiny single-precision numbers is an error to PostgreSQL, not zero.
_CANDIDATES = text("""
    WITH asked AS (
        SELECT place - 1 AS place, CAST(query AS TSQUERY) AS query, CAST(title_query AS TSQUERY) AS title_query
        FROM unnest(CAST(:queries AS TEXT[]), CAST(:title_queries AS TEXT[])) WITH ORDINALITY
             AS given (query, title_query, place)
    ), known AS MATERIALIZED (
        SELECT passage.id, passage.words, passage.embedding
        FROM knowledge_passages AS passage JOIN agents ON agents.id = passage.agent_id
        WHERE CASE WHEN CAST(:agent_id AS TEXT) IS NULL THEN agents.is_enabled ELSE agents.id = :agent_id END
    ), hits AS MATERIALIZED (
        SELECT known.id, asked.place, known.words @@ asked.title_query AS is_in_title
        FROM known JOIN asked ON known.words @@ asked.query
    ), spread AS (
        SELECT place, count(*) AS passages FROM hits GROUP BY place
    ), by_words AS (
        SELECT hits.id, array_agg(place) AS places, array_agg(place) FILTER (WHERE is_in_title) AS title_places
        FROM hits JOIN spread USING (place)
        GROUP BY hits.id ORDER BY sum(1.0 / spread.passages) DESC, hits.id LIMIT :with_most_words
    ), measured AS MATERIALIZED (
        SELECT known.id, (
            SELECT sum(CAST(of_passage AS DOUBLE PRECISION) * of_question)
            FROM unnest(known.embedding, CAST(:embedding AS REAL[])) AS pairs (of_passage, of_question)
        ) AS closeness
        FROM known WHERE cardinality(known.embedding) = cardinality(CAST(:embedding AS REAL[]))
    ), by_meaning AS (
        SELECT id FROM measured ORDER BY closeness DESC, id LIMIT :nearest
    )
    SELECT passage.id, passage.agent_id, passage.title, passage.text, passage.document_id,
           measured.closeness, by_words.places, by_words.title_places,
           (SELECT count(*) FROM known) AS passages,
           (SELECT jsonb_object_agg(place, passages) FROM spread) AS passages_with
    FROM knowledge_passages AS passage
    LEFT JOIN by_words ON by_words.id = passage.id
    LEFT JOIN measured ON measured.id = passage.id
    WHERE passage.id IN (SELECT id FROM by_meaning UNION ALL SELECT id FROM by_words)
""")


class PostgresKnowledgeStore:
    """Implements `KnowledgeStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def search(
        self, question: str, embedding: Sequence[float] | None, *, limit: int, agent_id: str | None = None
    ) -> tuple[Passage, ...]:
        """See `KnowledgeStore.search`; the meaning of passages measured by another embedder is not compared."""
        stems = search_words(question)[:MOST_SEARCH_WORDS]
        rows = await self._database.run_alone(
            lambda connection: _candidates(connection, stems, embedding, agent_id=agent_id)
        )
        if not rows:
            return ()
        known = {int(place): passages for place, passages in (rows[0].passages_with or {}).items()}
        spread = Spread(
            words=len(stems), passages=rows[0].passages, passages_with=known, optional=optional_words(stems)
        )
        return best_passages((_candidate(row) for row in rows), spread, limit=limit)


def _candidates(
    connection: Connection, stems: Sequence[str], embedding: Sequence[float] | None, *, agent_id: str | None
) -> Sequence[Row[Any]]:
    values = {
        "queries": [_query(stem) for stem in stems],
        "title_queries": [_query(stem, weight=_OF_TITLE) for stem in stems],
        "embedding": None if embedding is None else list(embedding),
        "agent_id": agent_id,
        "nearest": _NEAREST,
        "with_most_words": _WITH_MOST_WORDS,
    }
    return connection.execute(_CANDIDATES, values).all()


def _query(stem: str, *, weight: str = "") -> str:
    """A text search query for the forms of one word; letters and digits alone, so that nothing has to be escaped."""
    suffix = f":{weight}" if weight else ""
    return f"'{stem}':*{weight}" if is_open(stem) else " | ".join(f"'{form}'{suffix}" for form in forms(stem))


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
        closeness=row.closeness,
        words=frozenset(row.places or ()),
        title_words=frozenset(row.title_places or ()),
    )
