"""Changes of agents and routing rules; each statement changes a row only in the version that the caller read."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_leave

from shared import errors
from shared.adapters.postgres.agent_rows import agent_of, rule_of
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.schema import agents, routing_rules
from shared.domain.agent import AgentProfile, RoutingRule
from shared.domain.rule_book import MOST_RULES, precedence

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
        return agent_of(await self._database.run(lambda connection: _read(connection, agents, agent_id)))

    async def add_agent(self, agent: AgentProfile) -> AgentProfile:
        """Keep a new agent, if there are not MOST_AGENTS already."""
        values = asdict(agent)
        return agent_of(await self._database.run(lambda connection: _add(connection, agents, values, MOST_AGENTS)))

    async def replace_agent(self, agent: AgentProfile, *, version: int) -> AgentProfile:
        """Put the agent in the place of its older version."""
        values = asdict(agent)
        return agent_of(await self._database.run(lambda connection: _replace(connection, agents, values, version)))

    async def remove_agent(self, agent_id: str, *, version: int) -> None:
        """Remove the agent; its knowledge goes with it."""
        await self._database.run(lambda connection: _remove(connection, agents, agent_id, version))


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
        return rule_of(await self._database.run(lambda connection: _read(connection, routing_rules, rule_id)))

    async def add_rule(self, rule: RoutingRule) -> RoutingRule:
        """Keep a new rule, if there are not MOST_RULES already."""
        values = asdict(rule)
        return rule_of(await self._database.run(lambda connection: _add(connection, routing_rules, values, MOST_RULES)))

    async def replace_rule(self, rule: RoutingRule, *, version: int) -> RoutingRule:
        """Put the rule in the place of its older version."""
        values = asdict(rule)
        return rule_of(
            await self._database.run(lambda connection: _replace(connection, routing_rules, values, version))
        )

    async def remove_rule(self, rule_id: str, *, version: int) -> None:
        """Remove the rule."""
        await self._database.run(lambda connection: _remove(connection, routing_rules, rule_id, version))


def _read(connection: Connection, table: Table, row_id: str) -> RowMapping:
    row = connection.execute(select(table).where(table.c.id == row_id)).mappings().first()
    if row is None:
        raise errors.NotFound("There is no such entry.")
    return row


def _add(connection: Connection, table: Table, values: dict[str, Any], most: int) -> RowMapping:
    statement = insert_or_leave(table).values({**values, "version": 1}).on_conflict_do_nothing().returning(table)
    row = connection.execute(statement).mappings().first()
    if row is None:
        raise errors.VersionConflict("There is an entry of this id already.")
    # Counted afterwards: the new row made the catalogue's revision grow, and whoever else adds one waits for that.
    if connection.execute(select(func.count()).select_from(table)).scalar_one() > most:
        raise errors.InvalidContent(f"There are {most} already; remove one before you add another.")
    return row


def _replace(connection: Connection, table: Table, values: dict[str, Any], version: int) -> RowMapping:
    changed = {**values, "version": table.c.version + 1, "updated_at": func.clock_timestamp()}
    statement = update(table).where(table.c.id == values["id"], table.c.version == version).values(changed)
    row = connection.execute(statement.returning(table)).mappings().first()
    return row or _refuse(connection, table, values["id"])


def _remove(connection: Connection, table: Table, row_id: str, version: int) -> None:
    statement = delete(table).where(table.c.id == row_id, table.c.version == version).returning(table.c.id)
    if connection.execute(statement).first() is None:
        _refuse(connection, table, row_id)


def _refuse(connection: Connection, table: Table, row_id: str) -> RowMapping:
    """Say why nothing was changed: the row is missing, or it has another version."""
    current = _read(connection, table, row_id)
    raise errors.VersionConflict(
        "Somebody else changed it since; read it again.", details={"current_version": current["version"]}
    )
