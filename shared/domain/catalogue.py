"""Everything that the business has decided about its agents, as it stands at one moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from shared.domain.agent import HUMAN, AgentProfile, RoutingRule
from shared.domain.routing.rule_book import ExpressionCompiler, RuleBook
from shared.domain.tools.http_tool import HttpTool


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The enabled agents, by id, the enabled rules that lead to them or to a person, and the enabled HTTP tools.

    Attributes:
        revision: grows with every change of any of them.
    """

    revision: int
    agents: tuple[AgentProfile, ...] = ()
    rules: RuleBook = field(default_factory=RuleBook)
    tools: tuple[HttpTool, ...] = ()

    @classmethod
    def of(
        cls,
        revision: int,
        agents: Iterable[AgentProfile],
        rules: Iterable[RoutingRule],
        tools: Iterable[HttpTool] = (),
        *,
        compile_expression: ExpressionCompiler | None = None,
    ) -> Catalogue:
        """What is enabled of all that is kept; rules that lead to nobody are left out."""
        enabled = tuple(sorted((agent for agent in agents if agent.is_enabled), key=lambda agent: agent.id))
        targets = {HUMAN, *(agent.id for agent in enabled)}
        usable = (rule for rule in rules if rule.is_enabled and rule.agent_id in targets)
        return cls(
            revision=revision,
            agents=enabled,
            rules=RuleBook(usable, compile_expression),
            tools=tuple(tool for tool in tools if tool.is_enabled),
        )

    def agent(self, agent_id: str) -> AgentProfile | None:
        """The agent of this id, if it is enabled."""
        return next((agent for agent in self.agents if agent.id == agent_id), None)
