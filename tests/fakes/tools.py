"""What tools need, in memory: HttpToolCaller, ToolAudit with ToolUseReader, ToolSecrets, HttpToolEditor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from shared import errors
from shared.domain.json_value import JSON
from shared.domain.tools.http_tool import HttpTool
from shared.domain.tools.tool import ToolAnswer
from shared.domain.tools.tool_use import FinishedUse, KeptToolUse, ToolUse
from shared.ports.history import Page


class FakeHttpToolCaller:
    """Implements `HttpToolCaller`: answers as told, and notes what it was asked."""

    def __init__(self, answer: ToolAnswer | None = None) -> None:
        self.answer = answer or ToolAnswer(text="{}")
        self.asked: list[dict[str, Any]] = []

    async def __call__(self, tool: HttpTool, arguments: Mapping[str, JSON], **given: str) -> ToolAnswer:
        self.asked.append({"tool": tool.id, "arguments": dict(arguments), **given})
        return self.answer


@dataclass
class _Row:
    use: ToolUse
    begun_at: datetime
    answer: ToolAnswer | None = None
    elapsed_ms: int | None = None


class FakeToolAudit:
    """Implements `ToolAudit` and `ToolUseReader`; cursors say how many uses were seen."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.rows: dict[str, _Row] = {}

    async def begin(self, use: ToolUse) -> FinishedUse | None:
        row = self.rows.setdefault(use.id, _Row(use, self._clock()))
        if row.answer is None:
            row.use = use
            return None
        return FinishedUse(arguments=row.use.arguments, answer=row.answer)

    async def finish(self, use_id: str, answer: ToolAnswer, *, elapsed_ms: int) -> None:
        row = self.rows.get(use_id)
        if row is not None and row.answer is None:
            found = tuple(replace(passage, text="") for passage in answer.passages)
            row.answer, row.elapsed_ms = replace(answer, passages=found), elapsed_ms

    async def tool_uses(self, conversation_id: str, *, cursor: str | None, limit: int) -> Page[KeptToolUse]:
        if cursor is not None and not cursor.isdecimal():
            raise errors.InvalidRequest("The cursor is not one of ours.")
        rows = [row for row in self.rows.values() if row.use.conversation_id == conversation_id]
        first = int(cursor or 0)
        last = first + limit
        return Page(
            items=tuple(_shown(row) for row in rows[first:last]), next_cursor=str(last) if last < len(rows) else None
        )


def _shown(row: _Row) -> KeptToolUse:
    return KeptToolUse(
        id=row.use.id,
        message_id=row.use.message_id,
        agent_id=row.use.agent_id,
        tool=row.use.tool,
        arguments=row.use.arguments,
        outcome=None if row.answer is None else row.answer.outcome,
        answer="" if row.answer is None else row.answer.text,
        elapsed_ms=row.elapsed_ms,
        begun_at=row.begun_at,
    )


class FakeToolSecrets:
    """Implements `ToolSecrets` by a table."""

    def __init__(self, headers: Mapping[str, tuple[str, str]] | None = None) -> None:
        self.headers = dict(headers or {})
        self.renewed: dict[str, tuple[str, str]] = {}

    async def header(self, name: str) -> tuple[str, str] | None:
        return self.headers.get(name)

    async def renewed_header(self, name: str, refused: tuple[str, str]) -> tuple[str, str] | None:
        found = self.renewed.get(name)
        return None if found == refused else found


@dataclass
class FakeHttpToolEditor:
    """Implements `HttpToolEditor`."""

    kept: dict[str, HttpTool] = field(default_factory=dict)

    async def all_tools(self) -> tuple[HttpTool, ...]:
        return tuple(self.kept[name] for name in sorted(self.kept))

    async def tool(self, tool_id: str) -> HttpTool:
        if tool_id not in self.kept:
            raise errors.NotFound("There is no such entry.")
        return self.kept[tool_id]

    async def add_tool(self, tool: HttpTool) -> HttpTool:
        if tool.id in self.kept:
            raise errors.VersionConflict("There is an entry of this id already.")
        self.kept[tool.id] = replace(tool, version=1)
        return self.kept[tool.id]

    async def replace_tool(self, tool: HttpTool, *, version: int) -> HttpTool:
        await self._check(tool.id, version)
        self.kept[tool.id] = replace(tool, version=version + 1)
        return self.kept[tool.id]

    async def remove_tool(self, tool_id: str, *, version: int) -> None:
        await self._check(tool_id, version)
        del self.kept[tool_id]

    async def _check(self, tool_id: str, version: int) -> None:
        if (await self.tool(tool_id)).version != version:
            raise errors.VersionConflict("Somebody else changed it since; read it again.")
