"""Operations on agents."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi import Path as PathParameter

from shared import errors
from shared.http_api import agent_examples as examples
from shared.http_api.agent_models import AgentView, ChangedAgent, NewAgent
from shared.http_api.envelope import ItemPage, Success, fails_with, succeeds_with
from shared.http_api.fields import Slug
from shared.http_api.history_examples import page
from shared.http_api.versions import ReadVersion, tagged
from shared.use_cases.edit_agents import EditAgents

AgentId = Annotated[Slug, PathParameter(examples=[examples.AGENT["id"]])]
_INPUT = (errors.InvalidRequest, errors.InvalidContent, errors.Inapplicable)
_with_input = fails_with(*_INPUT)
_new = fails_with(*_INPUT, errors.VersionConflict)
_changes = fails_with(*_INPUT, errors.NotFound, errors.VersionConflict)


def agent_routes(edit_agents: EditAgents) -> APIRouter:
    """The operations, for a router that lets admins in only."""
    router = APIRouter(prefix="/agents", tags=["agents"])

    @router.get("", responses=succeeds_with(page(examples.AGENT)))
    async def list_agents() -> Success[ItemPage[AgentView]]:
        """List all agents, disabled ones included."""
        agents = [AgentView.model_validate(agent) for agent in await edit_agents.all()]
        return Success(data=ItemPage[AgentView](items=agents, next_cursor=None))

    @router.post(
        "",
        status_code=201,
        responses=succeeds_with(examples.AGENT, status=201) | _new,
    )
    async def add_agent(agent: NewAgent, response: Response) -> Success[AgentView]:
        """Add an agent."""
        view = AgentView.model_validate(await edit_agents.add(agent.profile(agent.id)))
        response.headers["location"] = f"/api/v1/agents/{view.id}"
        return tagged(response, view)

    @router.get("/{agent_id}", responses=succeeds_with(examples.AGENT) | fails_with(errors.NotFound) | _with_input)
    async def read_agent(agent_id: AgentId, response: Response) -> Success[AgentView]:
        """Read one agent; its `ETag` is what a change has to send as `If-Match`."""
        return tagged(response, AgentView.model_validate(await edit_agents.read(agent_id)))

    @router.put("/{agent_id}", responses=succeeds_with(examples.AGENT | {"version": 2}) | _changes)
    async def replace_agent(
        agent_id: AgentId, agent: ChangedAgent, version: ReadVersion, response: Response
    ) -> Success[AgentView]:
        """Replace an agent that nobody changed since it was read."""
        changed = await edit_agents.replace(agent.profile(agent_id), version=version)
        return tagged(response, AgentView.model_validate(changed))

    @router.delete("/{agent_id}", status_code=204, responses=_changes)
    async def remove_agent(agent_id: AgentId, version: ReadVersion) -> None:
        """Remove an agent and its knowledge; rules that name it are passed over."""
        await edit_agents.remove(agent_id, version=version)

    return router
