"""Changes of HTTP tools; each statement changes a row only in the version that the caller read."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import select

from shared.adapters.postgres.agent_rows import tool_of
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.schema import http_tools
from shared.adapters.postgres.versioned_rows import add_row, read_row, remove_row, replace_row
from shared.domain.tools.http_tool import HttpTool

MOST_TOOLS = 200


class PostgresHttpToolEditor:
    """Edits the table of HTTP tools; see `HttpToolEditor`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all_tools(self) -> tuple[HttpTool, ...]:
        """All tools, by id."""
        query = select(http_tools).order_by(http_tools.c.id)
        rows = await self._database.run(lambda connection: connection.execute(query).mappings().all())
        return tuple(tool_of(row) for row in rows)

    async def tool(self, tool_id: str) -> HttpTool:
        """One tool."""
        return tool_of(await self._database.run(lambda connection: read_row(connection, http_tools, tool_id)))

    async def add_tool(self, tool: HttpTool) -> HttpTool:
        """Keep a new tool, if there are not MOST_TOOLS already."""
        values = asdict(tool)
        row = await self._database.run(lambda connection: add_row(connection, http_tools, values, MOST_TOOLS))
        return tool_of(row)

    async def replace_tool(self, tool: HttpTool, *, version: int) -> HttpTool:
        """Put the tool in the place of its older version."""
        values = asdict(tool)
        row = await self._database.run(lambda connection: replace_row(connection, http_tools, values, version))
        return tool_of(row)

    async def remove_tool(self, tool_id: str, *, version: int) -> None:
        """Remove the tool; agents that name it go without it."""
        await self._database.run(lambda connection: remove_row(connection, http_tools, tool_id, version))
