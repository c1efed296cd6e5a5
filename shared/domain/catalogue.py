"""Everything that the business has decided about its agents, as it stands at one moment."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.agent import AgentProfile, RoutingRule
from shared.domain.http_tool import HttpTool


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The enabled agents, by id, the enabled rules that lead to them or to a person, and the enabled HTTP tools.

    Attributes:
        revision: grows with every change of any of them.
    """

    revision: int
    agents: tuple[AgentProfile, ...] = ()
    rules: tuple[RoutingRule, ...] = ()
    tools: tuple[HttpTool, ...] = ()

    def agent(self, agent_id: str) -> AgentProfile | None:
        """The agent of this id, if it is enabled."""
        return next((agent for agent in self.agents if agent.id == agent_id), None)
