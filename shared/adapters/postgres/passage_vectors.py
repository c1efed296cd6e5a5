"""What passages mean, kept in memory: to multiply vectors in the database takes ten times as long, with every turn."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from operator import mul
from typing import Any

from sqlalchemy import Connection, Row, text

from shared.domain.agent import Passage
from shared.domain.knowledge.retrieval import Candidate

# The vectors as the server sends them in binary form: as text, thousands of them would take seconds to read.
_ALL = text("""
    SELECT coalesce((SELECT revision FROM knowledge_revision), 0) AS revision,
           id, agent_id, title, text, document_id, array_send(embedding) AS vector
    FROM knowledge_passages ORDER BY id
""")
_REVISION = text("SELECT coalesce((SELECT revision FROM knowledge_revision), 0)")
# Number of dimensions, flags, type; size and first index of the one dimension. Then each number, behind its length.
# Source: PostgreSQL, array_send in arrayfuncs.c.
_HEADER_BYTES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    passage: Passage
    vector: array[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageVectors:
    """All passages in one revision."""

    revision: int
    measured: dict[str, _Measured]

    @classmethod
    def read(cls, connection: Connection) -> PassageVectors:
        """Read them all."""
        rows = connection.execute(_ALL).all()
        revision = rows[0].revision if rows else connection.execute(_REVISION).scalar_one()
        measured = {str(row.id): _Measured(passage=_passage(row), vector=_vector(row.vector)) for row in rows}
        return cls(revision=revision, measured=measured)

    def nearest(self, embedding: Sequence[float], agents: Collection[str], *, limit: int) -> list[Candidate]:
        """The passages of these agents that are nearest in meaning, nearest first.

        What another embedder has measured is passed over: it cannot be compared.
        """
        found = [
            Candidate(passage=one.passage, closeness=_product(one.vector, embedding))
            for one in self.measured.values()
            if len(one.vector) == len(embedding) and one.passage.agent_id in agents
        ]
        found.sort(key=lambda one: -(one.closeness or 0.0))
        return found[:limit]

    def closeness(self, passage_id: str, embedding: Sequence[float]) -> float | None:
        """How near one passage is; None where that was not measured."""
        one = self.measured.get(passage_id)
        if one is None or len(one.vector) != len(embedding):
            return None
        return _product(one.vector, embedding)


def _product(one: array[float], other: Sequence[float]) -> float:
    return float(sum(map(mul, one, other)))


def _passage(row: Row[Any]) -> Passage:
    return Passage(
        agent_id=row.agent_id,
        title=row.title,
        text=row.text,
        score=0.0,
        id=str(row.id),
        document_id=None if row.document_id is None else str(row.document_id),
    )


def _vector(sent: bytes) -> array[float]:
    """The numbers of an array of REAL as the server sends it."""
    words: array[float] = array("f")
    words.frombytes(sent[_HEADER_BYTES:])
    numbers = words[1::2]
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers
