"""Operations on the HTTP tools that operators let agents use."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi import Path as PathParameter

from shared import errors
from shared.http_api import tool_examples as examples
from shared.http_api.envelope import ItemPage, Success, fails_with, succeeds_with
from shared.http_api.fields import ToolName
from shared.http_api.history_examples import page
from shared.http_api.tool_models import ChangedTool, NewTool, ToolTest, ToolTestView, ToolView
from shared.http_api.versions import ReadVersion, tagged
from shared.use_cases.edit_tools import EditTools, TryTool

ToolId = Annotated[ToolName, PathParameter(examples=[examples.TOOL["id"]])]
_INPUT = (errors.InvalidRequest, errors.InvalidContent, errors.Inapplicable)
_with_input = fails_with(*_INPUT)
_new = fails_with(*_INPUT, errors.VersionConflict)
_changes = fails_with(*_INPUT, errors.NotFound, errors.VersionConflict)


def tool_routes(edit_tools: EditTools, try_tool: TryTool) -> APIRouter:
    """The operations, for a router that lets admins in only."""
    router = APIRouter(prefix="/tools", tags=["tools"])

    @router.get("", responses=succeeds_with(page(examples.TOOL)))
    async def list_tools() -> Success[ItemPage[ToolView]]:
        """List all HTTP tools, disabled ones included."""
        tools = [ToolView.model_validate(tool) for tool in await edit_tools.all()]
        return Success(data=ItemPage[ToolView](items=tools, next_cursor=None))

    @router.post(
        "",
        status_code=201,
        responses=succeeds_with(examples.TOOL, status=201) | _new,
    )
    async def add_tool(tool: NewTool, response: Response) -> Success[ToolView]:
        """Add an HTTP tool; agents whose `tools` name it may use it from their next turn on."""
        view = ToolView.model_validate(await edit_tools.add(tool.tool(tool.id)))
        response.headers["location"] = f"/api/v1/tools/{view.id}"
        return tagged(response, view)

    @router.get("/{tool_id}", responses=succeeds_with(examples.TOOL) | fails_with(errors.NotFound) | _with_input)
    async def read_tool(tool_id: ToolId, response: Response) -> Success[ToolView]:
        """Read one tool; its `ETag` is what a change has to send as `If-Match`."""
        return tagged(response, ToolView.model_validate(await edit_tools.read(tool_id)))

    @router.put("/{tool_id}", responses=succeeds_with(examples.TOOL | {"version": 2}) | _changes)
    async def replace_tool(
        tool_id: ToolId, tool: ChangedTool, version: ReadVersion, response: Response
    ) -> Success[ToolView]:
        """Replace a tool that nobody changed since it was read."""
        return tagged(response, ToolView.model_validate(await edit_tools.replace(tool.tool(tool_id), version=version)))

    @router.delete("/{tool_id}", status_code=204, responses=_changes)
    async def remove_tool(tool_id: ToolId, version: ReadVersion) -> None:
        """Remove a tool; agents that name it go without it."""
        await edit_tools.remove(tool_id, version=version)

    @router.post("/{tool_id}/test", responses=succeeds_with(examples.TRIED) | fails_with(errors.NotFound) | _with_input)
    async def test_tool(tool_id: ToolId, trial: ToolTest) -> Success[ToolTestView]:
        """Use a tool once, really, and show what a model would be told; also while it is disabled."""
        tried = await try_tool(tool_id, trial.arguments)
        view = ToolTestView(outcome=tried.answer.outcome, answer=tried.answer.text, elapsed_ms=tried.elapsed_ms)
        return Success(data=view)

    return router
