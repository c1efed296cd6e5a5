"""CatalogueStore over PostgreSQL: read whole, and kept in memory for as long as its revision stands."""

from __future__ import annotations

from sqlalchemy import Connection, func, or_, select

from shared.adapters.postgres.agent_rows import agent_of, rule_of, tool_of
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.schema import agents, catalogue_revision, http_tools, routing_rules
from shared.domain.agent import HUMAN
from shared.domain.catalogue import Catalogue

_REVISION = select(catalogue_revision.c.revision)
_AGENTS = select(agents).where(agents.c.is_enabled).order_by(agents.c.id)
_RULES = (
    select(routing_rules)
    .where(
        routing_rules.c.is_enabled,
        or_(
            routing_rules.c.agent_id == HUMAN,
            routing_rules.c.agent_id.in_(select(agents.c.id).where(agents.c.is_enabled)),
        ),
    )
    .order_by(routing_rules.c.priority.desc(), func.length(routing_rules.c.pattern).desc(), routing_rules.c.id)
)
_TOOLS = select(http_tools).where(http_tools.c.is_enabled).order_by(http_tools.c.id)


class PostgresCatalogueStore:
    """Implements `CatalogueStore`: one short look at the revision for each turn, all the rest only after a change."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: Catalogue | None = None

    async def current(self) -> Catalogue:
        """See `CatalogueStore.current`."""
        kept = self._kept
        self._kept = await self._database.run_alone(lambda connection: _read(connection, kept))
        return self._kept


def _read(connection: Connection, kept: Catalogue | None) -> Catalogue:
    # The revision first: whatever changes between the queries makes it grow, and is read with the next turn.
    revision = connection.execute(_REVISION).scalar_one_or_none() or 0
    if kept is not None and kept.revision == revision:
        return kept
    return Catalogue(
        revision=revision,
        agents=tuple(agent_of(row) for row in connection.execute(_AGENTS).mappings()),
        rules=tuple(rule_of(row) for row in connection.execute(_RULES).mappings()),
        tools=tuple(tool_of(row) for row in connection.execute(_TOOLS).mappings()),
    )
