"""Changing the agents and the routing rules, without overwriting what somebody else just changed."""

from __future__ import annotations

from typing import Protocol

from shared.domain.agent import AgentProfile, RoutingRule


class AgentEditor(Protocol):
    """The agents as they are kept, disabled ones included.

    `version` is the one that the caller read; every change makes it grow by one.
    """

    async def all_agents(self) -> tuple[AgentProfile, ...]:
        """All agents, by id.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def agent(self, agent_id: str) -> AgentProfile:
        """One agent.

        Raises:
            NotFound: no such agent.
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def add_agent(self, agent: AgentProfile) -> AgentProfile:
        """Keep a new agent; it begins with version 1.

        Raises:
            InvalidContent: there are too many.
            VersionConflict: there is one of this id.
            StoreUnavailable: nothing is known to have happened.
        """

    async def replace_agent(self, agent: AgentProfile, *, version: int) -> AgentProfile:
        """Put the agent in the place of its older version.

        Raises:
            NotFound: no such agent.
            VersionConflict: it was changed since.
            StoreUnavailable: nothing is known to have happened.
        """

    async def remove_agent(self, agent_id: str, *, version: int) -> None:
        """Remove the agent and its knowledge.

        Raises:
            NotFound: no such agent.
            VersionConflict: it was changed since.
            StoreUnavailable: nothing is known to have happened.
        """


class RuleEditor(Protocol):
    """The routing rules as they are kept; versions as for agents."""

    async def all_rules(self) -> tuple[RoutingRule, ...]:
        """All rules, disabled ones included, in the order in which they are tried.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def rule(self, rule_id: str) -> RoutingRule:
        """One rule.

        Raises:
            NotFound: no such rule.
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def add_rule(self, rule: RoutingRule) -> RoutingRule:
        """Keep a new rule; it begins with version 1.

        Raises:
            InvalidContent: there are too many.
            VersionConflict: there is one of this id.
            StoreUnavailable: nothing is known to have happened.
        """

    async def replace_rule(self, rule: RoutingRule, *, version: int) -> RoutingRule:
        """Put the rule in the place of its older version.

        Raises:
            NotFound: no such rule.
            VersionConflict: it was changed since.
            StoreUnavailable: nothing is known to have happened.
        """

    async def remove_rule(self, rule_id: str, *, version: int) -> None:
        """Remove the rule.

        Raises:
            NotFound: no such rule.
            VersionConflict: it was changed since.
            StoreUnavailable: nothing is known to have happened.
        """
