"""ToolAudit and ToolUseReader over PostgreSQL: one statement each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, case, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from shared.adapters.postgres.cursors import read_cursor, write_cursor
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.identifiers import is_id
from shared.adapters.postgres.schema import tool_calls
from shared.domain.agent import Passage
from shared.domain.json_value import JSON
from shared.domain.tools.tool import ToolAnswer, ToolOutcome
from shared.domain.tools.tool_use import FinishedUse, KeptToolUse, ToolUse
from shared.errors import InvalidRequest
from shared.ports.history import PAGE_LIMIT, Page


class PostgresToolAudit:
    """Implements both ports; the idempotency key is the row's id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, use: ToolUse) -> FinishedUse | None:
        """See `ToolAudit.begin`."""
        row = {
            "id": use.id,
            "conversation_id": use.conversation_id,
            "message_id": use.message_id,
            "agent_id": use.agent_id,
            "tool": use.tool,
            "arguments": dict(use.arguments),
        }
        new = insert(tool_calls).values(row)
        # What is finished stays as it was; what is not is begun again, perhaps with other arguments.
        arguments = case((tool_calls.c.outcome.is_(None), new.excluded.arguments), else_=tool_calls.c.arguments)
        statement = new.on_conflict_do_update(index_elements=["id"], set_={"arguments": arguments}).returning(
            tool_calls
        )
        kept = await self._database.run_alone(lambda connection: connection.execute(statement).one())
        if kept.outcome is None:
            return None
        return FinishedUse(arguments=kept.arguments, answer=_answer_of(kept))

    async def finish(self, use_id: str, answer: ToolAnswer, *, elapsed_ms: int) -> None:
        """See `ToolAudit.finish`."""
        values = {
            "outcome": answer.outcome.value,
            "answer": answer.text,
            "ends_call": answer.ends_call,
            "passages": [_named(passage) for passage in answer.passages],
            "elapsed_ms": elapsed_ms,
        }
        statement = update(tool_calls).where(tool_calls.c.id == use_id, tool_calls.c.outcome.is_(None)).values(values)
        await self._database.run_alone(lambda connection: connection.execute(statement))

    async def tool_uses(self, conversation_id: str, *, cursor: str | None, limit: int) -> Page[KeptToolUse]:
        """See `ToolUseReader.tool_uses`."""
        query = select(tool_calls).where(tool_calls.c.conversation_id == conversation_id)
        if cursor is not None:
            at, last = read_cursor(cursor)
            if not is_id(last):
                raise InvalidRequest("The cursor is not one of ours.")
            after = tuple_(at, literal(last, tool_calls.c.id.type))
            query = query.where(tuple_(tool_calls.c.begun_at, tool_calls.c.id) > after)
        if not is_id(conversation_id):
            return Page(items=(), next_cursor=None)
        bound = max(1, min(limit, PAGE_LIMIT))
        page = query.order_by(tool_calls.c.begun_at, tool_calls.c.id).limit(bound + 1)
        rows = await self._database.run_alone(lambda connection: connection.execute(page).all())
        shown = rows[:bound]
        return Page(
            items=tuple(_shown(row) for row in shown),
            next_cursor=write_cursor(shown[-1].begun_at, shown[-1].id) if len(rows) > bound else None,
        )


def _answer_of(row: Row[Any]) -> ToolAnswer:
    return ToolAnswer(
        text=row.answer,
        outcome=ToolOutcome(row.outcome),
        ends_call=row.ends_call,
        passages=tuple(_passage_of(named) for named in row.passages),
    )


def _named(passage: Passage) -> dict[str, JSON]:
    """What a citation needs; its words are in the answer."""
    return {
        "id": passage.id,
        "agent_id": passage.agent_id,
        "title": passage.title,
        "document_id": passage.document_id,
        "score": passage.score,
    }


def _passage_of(named: Mapping[str, Any]) -> Passage:
    return Passage(
        id=named["id"],
        agent_id=named["agent_id"],
        title=named["title"],
        document_id=named["document_id"],
        score=named["score"],
        text="",
    )


def _shown(row: Row[Any]) -> KeptToolUse:
    return KeptToolUse(
        id=row.id,
        message_id=row.message_id,
        agent_id=row.agent_id,
        tool=row.tool,
        arguments=row.arguments,
        outcome=None if row.outcome is None else ToolOutcome(row.outcome),
        answer=row.answer,
        elapsed_ms=row.elapsed_ms,
        begun_at=row.begun_at,
    )
