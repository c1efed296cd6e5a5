"""What agents know: documents, and the passages that they are searched by."""

from __future__ import annotations

from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR

from shared.adapters.postgres.column_types import AnyText, Moment
from shared.adapters.postgres.schema.foundation import NOW, Id, metadata

# As `domain.search_words` spells Devanagari: candrabindu as anusvara, without nukta, without joiners.
_WORDS = """
    setweight(to_tsvector('simple'::regconfig, translate(title, U&'\\0901\\093C\\200C\\200D', U&'\\0902')), 'A')
    || to_tsvector('simple'::regconfig, translate(text, U&'\\0901\\093C\\200C\\200D', U&'\\0902'))
"""

documents = Table(
    "documents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("agent_id", AnyText, ForeignKey("agents.id", ondelete="CASCADE"), nullable=False),
    Column("title", AnyText, nullable=False),
    Column("media_type", Text, nullable=False),
    # Of what was uploaded: the same again changes nothing.
    Column("sha256", Text, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("created_at", Moment, nullable=False, server_default=NOW),
    Column("updated_at", Moment, nullable=False, server_default=NOW),
)
Index("documents_content_once", documents.c.agent_id, documents.c.sha256, unique=True)

knowledge_passages = Table(
    "knowledge_passages",
    metadata,
    Column("id", Id, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("agent_id", AnyText, ForeignKey("agents.id", ondelete="CASCADE"), nullable=False),
    Column("title", AnyText, nullable=False),
    Column("text", AnyText, nullable=False),
    # Empty: measured by no embedder, and found by its words alone.
    Column("embedding", ARRAY(REAL), nullable=False),
    # NULL: it stands alone.
    Column("document_id", Id, ForeignKey("documents.id", ondelete="CASCADE")),
    Column("position", Integer, nullable=False, server_default="0"),
    # Without a language: what is stored is in several, and the question is cut to the stems of its words instead.
    Column("words", TSVECTOR, Computed(_WORDS, persisted=True)),
)
# What stands alone is known by its title.
Index(
    "knowledge_passages_title_once",
    knowledge_passages.c.agent_id,
    knowledge_passages.c.title,
    unique=True,
    postgresql_where=knowledge_passages.c.document_id.is_(None),
)
Index("knowledge_passages_document", knowledge_passages.c.document_id, knowledge_passages.c.position)
Index("knowledge_passages_words", knowledge_passages.c.words, postgresql_using="gin")

# One row. A trigger makes it grow with every change of passages, in the transaction of the change.
knowledge_revision = Table(
    "knowledge_revision",
    metadata,
    Column("is_only", Boolean, primary_key=True, server_default="true"),
    Column("revision", BigInteger, nullable=False),
    CheckConstraint("is_only", name="only_one"),
)
