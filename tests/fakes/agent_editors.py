"""Agents and routing rules in memory, with versions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeVar

from shared import errors
from shared.domain.agent import AgentProfile, RoutingRule
from shared.domain.routing.rule_book import MOST_RULES, precedence

Kept = TypeVar("Kept", AgentProfile, RoutingRule)


@dataclass
class FakeAgentEditor:
    """Implements `AgentEditor`."""

    kept: dict[str, AgentProfile] = field(default_factory=dict)

    async def all_agents(self) -> tuple[AgentProfile, ...]:
        """See `AgentEditor.all_agents`."""
        return tuple(self.kept[name] for name in sorted(self.kept))

    async def agent(self, agent_id: str) -> AgentProfile:
        """See `AgentEditor.agent`."""
        return _read(self.kept, agent_id)

    async def add_agent(self, agent: AgentProfile) -> AgentProfile:
        """See `AgentEditor.add_agent`."""
        return _add(self.kept, agent)

    async def replace_agent(self, agent: AgentProfile, *, version: int) -> AgentProfile:
        """See `AgentEditor.replace_agent`."""
        return _replace(self.kept, agent, version)

    async def remove_agent(self, agent_id: str, *, version: int) -> None:
        """See `AgentEditor.remove_agent`."""
        _remove(self.kept, agent_id, version)


@dataclass
class FakeRuleEditor:
    """Implements `RuleEditor`."""

    kept: dict[str, RoutingRule] = field(default_factory=dict)

    async def all_rules(self) -> tuple[RoutingRule, ...]:
        """See `RuleEditor.all_rules`."""
        return tuple(sorted(self.kept.values(), key=precedence))

    async def rule(self, rule_id: str) -> RoutingRule:
        """See `RuleEditor.rule`."""
        return _read(self.kept, rule_id)

    async def add_rule(self, rule: RoutingRule) -> RoutingRule:
        """See `RuleEditor.add_rule`."""
        if len(self.kept) >= MOST_RULES:
            raise errors.Inapplicable("There are too many already.")
        return _add(self.kept, rule)

    async def replace_rule(self, rule: RoutingRule, *, version: int) -> RoutingRule:
        """See `RuleEditor.replace_rule`."""
        return _replace(self.kept, rule, version)

    async def remove_rule(self, rule_id: str, *, version: int) -> None:
        """See `RuleEditor.remove_rule`."""
        _remove(self.kept, rule_id, version)


def _read(kept: dict[str, Kept], row_id: str) -> Kept:
    if row_id not in kept:
        raise errors.NotFound("There is no such entry.")
    return kept[row_id]


def _add(kept: dict[str, Kept], entry: Kept) -> Kept:
    if entry.id in kept:
        raise errors.VersionConflict("There is an entry of this id already.")
    kept[entry.id] = replace(entry, version=1)
    return kept[entry.id]


def _replace(kept: dict[str, Kept], entry: Kept, version: int) -> Kept:
    _check(kept, entry.id, version)
    kept[entry.id] = replace(entry, version=version + 1)
    return kept[entry.id]


def _remove(kept: dict[str, Kept], row_id: str, version: int) -> None:
    _check(kept, row_id, version)
    del kept[row_id]


def _check(kept: dict[str, Kept], row_id: str, version: int) -> None:
    if _read(kept, row_id).version != version:
        raise errors.VersionConflict("Somebody else changed it since; read it again.")
