"""AgentStore over PostgreSQL: profiles, rules, and knowledge searched by meaning."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ARRAY, DOUBLE_PRECISION, REAL, Connection, cast, func, select

from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.schema import agents, knowledge_passages, routing_rules
from shared.domain.agent import AgentProfile, Passage, RoutingRule, RuleKind, VoiceNotePolicy

_PROFILES = select(agents).where(agents.c.is_enabled).order_by(agents.c.id)
_RULES = (
    select(routing_rules)
    .where(
        routing_rules.c.is_enabled,
        routing_rules.c.agent_id.in_(select(agents.c.id).where(agents.c.is_enabled)),
    )
    .order_by(routing_rules.c.priority.desc(), func.length(routing_rules.c.pattern).desc(), routing_rules.c.id)
)


class PostgresAgentStore:
    """Implements `AgentStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def profiles(self) -> tuple[AgentProfile, ...]:
        """See `AgentStore.profiles`; in order of their ids."""
        return await self._database.run_alone(_profiles)

    async def rules(self) -> tuple[RoutingRule, ...]:
        """See `AgentStore.rules`; without those that lead to a disabled agent."""
        return await self._database.run_alone(_rules)

    async def search(self, embedding: Sequence[float], *, limit: int) -> tuple[Passage, ...]:
        """See `AgentStore.search`; passages measured by another embedder are passed over."""
        return await self._database.run_alone(lambda connection: _search(connection, embedding, limit))


def _profiles(connection: Connection) -> tuple[AgentProfile, ...]:
    rows = connection.execute(_PROFILES)
    return tuple(
        AgentProfile(
            id=row.id,
            name=row.name,
            description=row.description,
            instructions=row.instructions,
            greeting=row.greeting,
            greeting_interruptible=row.greeting_interruptible,
            language=row.language,
            voice=row.voice,
            coalesce_seconds=row.coalesce_seconds,
            voice_notes=VoiceNotePolicy(row.voice_notes),
            answer_threshold=row.answer_threshold,
            version=row.version,
        )
        for row in rows
    )


def _rules(connection: Connection) -> tuple[RoutingRule, ...]:
    rows = connection.execute(_RULES)
    return tuple(
        RoutingRule(
            id=row.id,
            kind=RuleKind(row.kind),
            pattern=row.pattern,
            agent_id=row.agent_id,
            priority=row.priority,
            version=row.version,
        )
        for row in rows
    )


def _search(connection: Connection, embedding: Sequence[float], limit: int) -> tuple[Passage, ...]:
    # A scan: a business has some hundred passages, and the managed database may lack a vector extension.
    question = cast(list(embedding), ARRAY(REAL))
    pairs = (
        func.unnest(knowledge_passages.c.embedding, question).table_valued("of_passage", "of_question").render_derived()
    )
    # In double precision: the product of two tiny single-precision numbers is an error to PostgreSQL, not zero.
    product = cast(pairs.c.of_passage, DOUBLE_PRECISION) * pairs.c.of_question
    score = select(func.sum(product)).scalar_subquery().label("score")
    rows = connection.execute(
        select(knowledge_passages.c.agent_id, knowledge_passages.c.title, knowledge_passages.c.text, score)
        .join(agents, agents.c.id == knowledge_passages.c.agent_id)
        .where(agents.c.is_enabled, func.cardinality(knowledge_passages.c.embedding) == len(embedding))
        .order_by(score.desc(), knowledge_passages.c.agent_id, knowledge_passages.c.title)
        .limit(limit)
    )
    return tuple(Passage(agent_id=row.agent_id, title=row.title, text=row.text, score=row.score) for row in rows)
