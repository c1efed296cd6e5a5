"""Writing the demo business into the database: agents, routing rules, and knowledge with its embeddings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Table, func, select
from sqlalchemy.dialects.postgresql import insert

from local.demo_business import AGENTS, DOCUMENTS, KNOWLEDGE, ROUTING_RULES, KnowledgePassage
from local.demo_business.documents import MARKDOWN
from local.demo_business.office import bill_tool
from shared.adapters.postgres.schema import agents, http_tools, knowledge_passages, routing_rules
from shared.errors import ModelUnavailable
from shared.ports.language_model import Embedder
from shared.use_cases.edit_documents import EditDocuments, Upload
from shared.wiring import edit_documents, engines, environment, stores

PASSAGES_AT_ONCE = 4
ATTEMPTS = 4


async def seed(*, overwrite: bool, report: Callable[[str], None] = lambda _step: None) -> str:
    """Write what is missing, or everything; returns what was done, in words. `report` is told each step."""
    database = stores.database()
    try:
        known = await database.run(_known_passages)
        wanted = {(passage.agent_id, passage.title): passage for passage in KNOWLEDGE}
        stale = [passage for key, passage in wanted.items() if overwrite or key not in known]
        rows = await _measured(stale, report)
        report("writing agents, rules and knowledge")
        written = await database.run(lambda connection: _write(connection, rows, overwrite=overwrite))
        report("reading documents")
        uploaded = await _upload(edit_documents(), overwrite=overwrite)
    finally:
        await database.close()
    return f"seeded {written} agents and rules, {len(rows)} passages of knowledge, {uploaded} documents"


async def _upload(edit: EditDocuments, *, overwrite: bool) -> int:
    """Give each agent its documents as an operator would; one of a known title is left alone, or replaced."""
    uploaded = 0
    for document in DOCUMENTS:
        upload = Upload(title=document.title, media_type=MARKDOWN, content=document.text.encode())
        known = {kept.title: kept for kept in await edit.all(document.agent_id)}.get(document.title)
        if known is None:
            await edit.add(document.agent_id, upload)
        elif overwrite and known.sha256 != upload.sha256:
            await edit.replace(document.agent_id, known.id, upload)
        else:
            continue
        uploaded += 1
    return uploaded


async def _measured(passages: Sequence[KnowledgePassage], report: Callable[[str], None]) -> list[dict[str, object]]:
    """Rows with the embeddings that the configured engine gives; without an engine they are found by their words."""
    embedder = engines.embedder()
    if embedder is None:
        return [
            {"agent_id": passage.agent_id, "title": passage.title, "text": passage.text, "embedding": []}
            for passage in passages
        ]
    vectors: list[Sequence[float]] = []
    for first in range(0, len(passages), PASSAGES_AT_ONCE):
        report(f"measuring what {first + 1} of {len(passages)} passages mean")
        texts = [passage.measured for passage in passages[first : first + PASSAGES_AT_ONCE]]
        vectors += await _patiently(embedder, texts)
    return [
        {"agent_id": passage.agent_id, "title": passage.title, "text": passage.text, "embedding": list(vector)}
        for passage, vector in zip(passages, vectors, strict=True)
    ]


async def _patiently(embedder: Embedder, texts: Sequence[str]) -> Sequence[Sequence[float]]:
    """While everything else starts on the same processors, the model may miss its time limit."""
    for _ in range(ATTEMPTS - 1):
        try:
            return await embedder.embed(texts)
        except ModelUnavailable:
            continue
    return await embedder.embed(texts)


def _known_passages(connection: Connection) -> set[tuple[str, str]]:
    alone = knowledge_passages.c.document_id.is_(None)
    rows = connection.execute(select(knowledge_passages.c.agent_id, knowledge_passages.c.title).where(alone))
    return {(row.agent_id, row.title) for row in rows}


def _write(connection: Connection, passages: Sequence[dict[str, object]], *, overwrite: bool) -> int:
    written = 0
    for table, values in ((agents, AGENTS), (routing_rules, ROUTING_RULES)):
        for value in values:
            written += _put(connection, table, {**asdict(value), "version": 1}, ["id"], overwrite=overwrite)
    # The port is another one with each range of ports.
    office = environment.settings().tool_hosts.split(",", maxsplit=1)[0]
    tool = asdict(bill_tool(f"http://{office}"))
    _put(connection, http_tools, {**tool, "version": 1}, ["id"], overwrite=True)
    for row in passages:
        _put(connection, knowledge_passages, row, ["agent_id", "title"], overwrite=True)
    return written


def _put(connection: Connection, table: Table, row: dict[str, Any], key: Sequence[str], *, overwrite: bool) -> int:
    statement = insert(table).values(row)
    alone = knowledge_passages.c.document_id.is_(None) if table is knowledge_passages else None
    if not overwrite:
        statement = statement.on_conflict_do_nothing()
    else:
        changed = {name: value for name, value in row.items() if name not in key}
        if "version" in changed:
            changed |= {"version": table.c.version + 1, "updated_at": func.clock_timestamp()}
        statement = statement.on_conflict_do_update(index_elements=key, index_where=alone, set_=changed)
    return connection.execute(statement).rowcount
