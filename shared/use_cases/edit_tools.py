"""HTTP tools that make sense: changed by operators, and tried by them before an agent uses them."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from shared import errors
from shared.domain.json_value import JSON
from shared.domain.tools.allowed_hosts import AllowedHosts
from shared.domain.tools.http_tool import HttpTool, problem_of_url
from shared.domain.tools.tool import RESERVED_TOOL_NAMES, ToolAnswer, ToolOutcome
from shared.ports.json_schema import SchemaCheck
from shared.ports.tool_editing import HttpToolEditor
from shared.ports.tools import HttpToolCaller

_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")


class EditTools:
    """Checks a tool before it is kept: what is wrong with it is said to the operator, not to a caller."""

    def __init__(self, tools: HttpToolEditor, schemas: SchemaCheck, hosts: AllowedHosts) -> None:
        self._tools = tools
        self._schemas = schemas
        self._hosts = hosts

    async def all(self) -> tuple[HttpTool, ...]:
        """All tools, disabled ones included."""
        return await self._tools.all_tools()

    async def read(self, tool_id: str) -> HttpTool:
        """One tool."""
        return await self._tools.tool(tool_id)

    async def add(self, tool: HttpTool) -> HttpTool:
        """Keep a new tool.

        Raises:
            InvalidContent: it could never be used.
            VersionConflict: there is one of this name.
        """
        self._check(tool)
        return await self._tools.add_tool(tool)

    async def replace(self, tool: HttpTool, *, version: int) -> HttpTool:
        """Change a tool that is still in the version the caller read; refused for the same reasons as a new one."""
        self._check(tool)
        return await self._tools.replace_tool(tool, version=version)

    async def remove(self, tool_id: str, *, version: int) -> None:
        """Remove a tool; agents that name it go without it."""
        await self._tools.remove_tool(tool_id, version=version)

    def _check(self, tool: HttpTool) -> None:
        if tool.id in RESERVED_TOOL_NAMES or not _NAME.fullmatch(tool.id):
            raise errors.InvalidContent(f"{tool.id} is the name of one of the platform's own tools, or none at all.")
        if (problem := self._hosts.problem(tool.url)) is not None:
            raise errors.Inapplicable(problem)
        problem = self._schemas.problem_of_schema(tool.parameters) or problem_of_url(tool)
        if problem is not None:
            raise errors.InvalidContent(problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolTrial:
    """What a tool answered to an operator."""

    answer: ToolAnswer
    elapsed_ms: int


class TryTool:
    """Uses a tool once, with arguments of the operator's own; nothing is written down."""

    def __init__(self, tools: HttpToolEditor, schemas: SchemaCheck, call_http: HttpToolCaller) -> None:
        self._tools = tools
        self._schemas = schemas
        self._call_http = call_http

    async def __call__(self, tool_id: str, arguments: Mapping[str, JSON]) -> ToolTrial:
        """What a model would be told, and how long it took.

        Raises:
            NotFound: no such tool.
            StoreUnavailable: the tool could not be read.
        """
        tool = await self._tools.tool(tool_id)
        started = time.perf_counter()
        problem = self._schemas.problem(tool.parameters, arguments)
        if problem is not None:
            answer = ToolAnswer(text=f"The arguments do not fit. {problem}", outcome=ToolOutcome.REFUSED)
        else:
            answer = await self._call_http(tool, arguments, idempotency_key=str(uuid.uuid4()))
        return ToolTrial(answer=answer, elapsed_ms=round((time.perf_counter() - started) * 1000))
