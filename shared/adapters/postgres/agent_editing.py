"""Changes of agents and routing rules; each statement changes a row only in the version that the caller read."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import select

from shared.adapters.postgres.agent_rows import agent_of, rule_of
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.schema import agents, routing_rules
from shared.adapters.postgres.versioned_rows import add_row, read_row, remove_row, replace_row
from shared.domain.agent import AgentProfile, RoutingRule
from shared.domain.routing.rule_book import MOST_RULES, precedence

MOST_AGENTS = 500


class PostgresAgentEditor:
    """Edits the table of agents; see `AgentEditor`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all_agents(self) -> tuple[AgentProfile, ...]:
        """All agents, by id."""
        rows = await self._database.run(
            lambda connection: connection.execute(select(agents).order_by(agents.c.id)).mappings().all()
        )
        return tuple(agent_of(row) for row in rows)

    async def agent(self, agent_id: str) -> AgentProfile:
        """One agent."""
        return agent_of(await self._database.run(lambda connection: read_row(connection, agents, agent_id)))

    async def add_agent(self, agent: AgentProfile) -> AgentProfile:
        """Keep a new agent, if there are not MOST_AGENTS already."""
        values = asdict(agent)
        return agent_of(await self._database.run(lambda connection: add_row(connection, agents, values, MOST_AGENTS)))

    async def replace_agent(self, agent: AgentProfile, *, version: int) -> AgentProfile:
        """Put the agent in the place of its older version."""
        values = asdict(agent)
        return agent_of(await self._database.run(lambda connection: replace_row(connection, agents, values, version)))

    async def remove_agent(self, agent_id: str, *, version: int) -> None:
        """Remove the agent; its knowledge goes with it."""
        await self._database.run(lambda connection: remove_row(connection, agents, agent_id, version))


class PostgresRuleEditor:
    """Edits the table of routing rules; see `RuleEditor`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all_rules(self) -> tuple[RoutingRule, ...]:
        """All rules in the order in which they are tried."""
        rows = await self._database.run(lambda connection: connection.execute(select(routing_rules)).mappings().all())
        return tuple(sorted((rule_of(row) for row in rows), key=precedence))

    async def rule(self, rule_id: str) -> RoutingRule:
        """One rule."""
        return rule_of(await self._database.run(lambda connection: read_row(connection, routing_rules, rule_id)))

    async def add_rule(self, rule: RoutingRule) -> RoutingRule:
        """Keep a new rule, if there are not MOST_RULES already."""
        values = asdict(rule)
        return rule_of(
            await self._database.run(lambda connection: add_row(connection, routing_rules, values, MOST_RULES))
        )

    async def replace_rule(self, rule: RoutingRule, *, version: int) -> RoutingRule:
        """Put the rule in the place of its older version."""
        values = asdict(rule)
        return rule_of(
            await self._database.run(lambda connection: replace_row(connection, routing_rules, values, version))
        )

    async def remove_rule(self, rule_id: str, *, version: int) -> None:
        """Remove the rule."""
        await self._database.run(lambda connection: remove_row(connection, routing_rules, rule_id, version))
