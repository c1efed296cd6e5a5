"""Changing the HTTP tools, without overwriting what somebody else just changed."""

from __future__ import annotations

from typing import Protocol

from shared.domain.tools.http_tool import HttpTool


class HttpToolEditor(Protocol):
    """The tools as they are kept, disabled ones included; versions as for agents."""

    async def all_tools(self) -> tuple[HttpTool, ...]:
        """All tools, by id.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def tool(self, tool_id: str) -> HttpTool:
        """One tool.

        Raises:
            NotFound: no such tool.
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def add_tool(self, tool: HttpTool) -> HttpTool:
        """Keep a new tool; it begins with version 1.

        Raises:
            VersionConflict: there is one of this id.
            InvalidContent: there are as many as may be.
            StoreUnavailable: nothing is known to have happened.
        """

    async def replace_tool(self, tool: HttpTool, *, version: int) -> HttpTool:
        """Put the tool in the place of its older version.

        Raises:
            NotFound: no such tool.
            VersionConflict: it was changed since.
            StoreUnavailable: nothing is known to have happened.
        """

    async def remove_tool(self, tool_id: str, *, version: int) -> None:
        """Remove the tool.

        Raises:
            NotFound: no such tool.
            VersionConflict: it was changed since.
            StoreUnavailable: nothing is known to have happened.
        """
