"""What agents know: documents, and the passages that they are searched by."""

from __future__ import annotations

from sqlalchemy import REAL, Column, ForeignKey, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY

from shared.adapters.postgres.column_types import AnyText, Moment
from shared.adapters.postgres.schema.foundation import NOW, Id, metadata

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
)
Index("documents_content_once", documents.c.agent_id, documents.c.sha256, unique=True)

knowledge_passages = Table(
    "knowledge_passages",
    metadata,
    Column("id", Id, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("agent_id", AnyText, ForeignKey("agents.id", ondelete="CASCADE"), nullable=False),
    Column("title", AnyText, nullable=False),
    Column("text", AnyText, nullable=False),
    Column("embedding", ARRAY(REAL), nullable=False),
    # NULL: it stands alone.
    Column("document_id", Id, ForeignKey("documents.id", ondelete="CASCADE")),
    Column("position", Integer, nullable=False, server_default="0"),
    # In the very form in which the server keeps it.
    Index(
        "knowledge_passages_words",
        text("to_tsvector('simple'::regconfig, ((title || ' '::text) || text))"),
        postgresql_using="gin",
    ),
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
