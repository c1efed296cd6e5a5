"""Changes to agents and routing rules that make sense."""

from __future__ import annotations

from collections.abc import Callable

from shared import errors
from shared.domain.agent import HUMAN, AgentProfile, RoutingRule
from shared.domain.routing.rule_book import ExpressionCompiler, prepare_rule
from shared.domain.tools.tool import BUILT_IN_TOOLS
from shared.ports.agent_editing import AgentEditor, RuleEditor
from shared.ports.tool_editing import HttpToolEditor


class EditAgents:
    """Checks a change of an agent against the rules of the house before it is kept."""

    def __init__(self, agents: AgentEditor, tools: HttpToolEditor, engine_problem: Callable[[str], str | None]) -> None:
        """`engine_problem` says why an engine cannot be used here, None where it can."""
        self._agents = agents
        self._tools = tools
        self._engine_problem = engine_problem

    async def all(self) -> tuple[AgentProfile, ...]:
        """All agents, disabled ones included."""
        return await self._agents.all_agents()

    async def read(self, agent_id: str) -> AgentProfile:
        """One agent."""
        return await self._agents.agent(agent_id)

    async def add(self, agent: AgentProfile) -> AgentProfile:
        """Keep a new agent.

        Raises:
            InvalidContent: its id stands for a person.
            Inapplicable: it names a tool or an engine that does not exist here.
            VersionConflict: there is one of this id.
        """
        if agent.id == HUMAN:
            raise errors.InvalidContent(f"The id {HUMAN} stands for a person of the team.")
        await self._check(agent)
        return await self._agents.add_agent(agent)

    async def replace(self, agent: AgentProfile, *, version: int) -> AgentProfile:
        """Change an agent that is still in the version the caller read.

        Raises:
            Inapplicable: it names a tool or an engine that does not exist here.
            NotFound: no such agent.
            VersionConflict: it was changed since.
        """
        await self._check(agent)
        return await self._agents.replace_agent(agent, version=version)

    async def remove(self, agent_id: str, *, version: int) -> None:
        """Remove an agent; rules that name it are passed over from then on."""
        await self._agents.remove_agent(agent_id, version=version)

    async def _check(self, agent: AgentProfile) -> None:
        for name in agent.models:
            if problem := self._engine_problem(name):
                raise errors.Inapplicable(problem)
        unknown = set(agent.tools) - BUILT_IN_TOOLS
        if unknown:
            unknown -= {tool.id for tool in await self._tools.all_tools()}
        if unknown:
            raise errors.Inapplicable(f"There is no tool of the name {min(unknown)}.")


class EditRules:
    """The same for routing rules."""

    def __init__(self, rules: RuleEditor, agents: AgentEditor, compile_expression: ExpressionCompiler) -> None:
        self._rules = rules
        self._agents = agents
        self._compile_expression = compile_expression

    async def page(self, *, after: str | None, limit: int) -> tuple[tuple[RoutingRule, ...], str | None]:
        """Rules in the order in which they are tried, from behind the one of the id `after`; and where to go on.

        Raises:
            Inapplicable: there is no rule of that id any more.
        """
        rules = await self._rules.all_rules()
        places = {rule.id: place for place, rule in enumerate(rules, start=1)}
        if after is not None and after not in places:
            raise errors.Inapplicable("The rule to go on from is gone; begin anew.")
        start = 0 if after is None else places[after]
        found = rules[start : start + limit]
        return found, found[-1].id if start + limit < len(rules) else None

    async def read(self, rule_id: str) -> RoutingRule:
        """One rule."""
        return await self._rules.rule(rule_id)

    async def add(self, rule: RoutingRule) -> RoutingRule:
        """Keep a new rule.

        Raises:
            Inapplicable: its pattern does not go with its kind, it names no agent, or there are too many.
            VersionConflict: there is one of this id.
        """
        await self._check(rule)
        return await self._rules.add_rule(rule)

    async def replace(self, rule: RoutingRule, *, version: int) -> RoutingRule:
        """Change a rule that is still in the version the caller read; refused for the same reasons as a new one."""
        await self._check(rule)
        return await self._rules.replace_rule(rule, version=version)

    async def remove(self, rule_id: str, *, version: int) -> None:
        """Remove a rule."""
        await self._rules.remove_rule(rule_id, version=version)

    async def _check(self, rule: RoutingRule) -> None:
        if rule.agent_id != HUMAN:
            try:
                await self._agents.agent(rule.agent_id)
            except errors.NotFound as error:
                raise errors.Inapplicable("The rule names an agent that does not exist.") from error
        try:
            prepare_rule(rule, self._compile_expression)
        except errors.InvalidContent as error:
            raise errors.Inapplicable(str(error)) from error
