"""Rows of the tables of agents, routing rules and HTTP tools, as the values that they stand for."""

from __future__ import annotations

from sqlalchemy import RowMapping

from shared.domain.agent import AgentProfile, RoutingRule, RuleKind, VoiceNotePolicy
from shared.domain.tools.http_tool import HttpMethod, HttpTool


def agent_of(row: RowMapping) -> AgentProfile:
    """The agent that a row of `agents` keeps."""
    return AgentProfile(
        id=row["id"],
        name=row["name"],
        description=row["description"],
        instructions=row["instructions"],
        greeting=row["greeting"],
        greeting_interruptible=row["greeting_interruptible"],
        language=row["language"],
        voice=row["voice"],
        coalesce_seconds=row["coalesce_seconds"],
        voice_notes=VoiceNotePolicy(row["voice_notes"]),
        answer_threshold=row["answer_threshold"],
        scope=row["scope"],
        models=tuple(row["models"]),
        tools=tuple(row["tools"]),
        is_enabled=row["is_enabled"],
        version=row["version"],
    )


def rule_of(row: RowMapping) -> RoutingRule:
    """The rule that a row of `routing_rules` keeps."""
    return RoutingRule(
        id=row["id"],
        kind=RuleKind(row["kind"]),
        pattern=row["pattern"],
        agent_id=row["agent_id"],
        priority=row["priority"],
        is_enabled=row["is_enabled"],
        version=row["version"],
    )


def tool_of(row: RowMapping) -> HttpTool:
    """The tool that a row of `http_tools` keeps."""
    return HttpTool(
        id=row["id"],
        description=row["description"],
        method=HttpMethod(row["method"]),
        url=row["url"],
        parameters=row["parameters"],
        secret_name=row["secret_name"],
        timeout_ms=row["timeout_ms"],
        is_enabled=row["is_enabled"],
        version=row["version"],
    )
