"""CatalogueStore over PostgreSQL: read whole, and kept in memory for as long as its revision stands."""

from __future__ import annotations

from sqlalchemy import Connection, select

from shared.adapters.postgres.agent_rows import agent_of, rule_of, tool_of
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.schema import agents, catalogue_revision, http_tools, routing_rules
from shared.domain.agent import RuleKind
from shared.domain.catalogue import Catalogue
from shared.domain.routing.rule_book import ExpressionCompiler
from shared.observability import logger

_REVISION = select(catalogue_revision.c.revision)
_AGENTS = select(agents).where(agents.c.is_enabled).order_by(agents.c.id)
# Kinds that a later release knows are passed over by this one, not stumbled upon.
_RULES = select(routing_rules).where(
    routing_rules.c.is_enabled, routing_rules.c.kind.in_([kind.value for kind in RuleKind])
)
_TOOLS = select(http_tools).where(http_tools.c.is_enabled).order_by(http_tools.c.id)


class PostgresCatalogueStore:
    """Implements `CatalogueStore`: one short look at the revision for each turn, all the rest only after a change."""

    def __init__(self, database: Database, compile_expression: ExpressionCompiler) -> None:
        self._database = database
        self._compile_expression = compile_expression
        self._kept: Catalogue | None = None

    async def current(self) -> Catalogue:
        """See `CatalogueStore.current`."""
        kept = self._kept
        current = await self._database.run_alone(lambda connection: _read(connection, kept, self._compile_expression))
        if current is not kept:
            for rule_id, reason in current.rules.unreadable.items():
                logger.error("rule_unreadable", rule_id=rule_id, reason=reason)
        self._kept = current
        return current


def _read(connection: Connection, kept: Catalogue | None, compile_expression: ExpressionCompiler) -> Catalogue:
    # The revision first: whatever changes between the queries makes it grow, and is read with the next turn.
    revision = connection.execute(_REVISION).scalar_one_or_none() or 0
    if kept is not None and kept.revision == revision:
        return kept
    return Catalogue.of(
        revision,
        [agent_of(row) for row in connection.execute(_AGENTS).mappings()],
        [rule_of(row) for row in connection.execute(_RULES).mappings()],
        [tool_of(row) for row in connection.execute(_TOOLS).mappings()],
        compile_expression=compile_expression,
    )
