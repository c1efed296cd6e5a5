"""Checks of what models ask for against what a tool takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from shared.domain.json_value import JSON


class SchemaCheck(Protocol):
    """JSON Schema, draft 2020-12, without references and in linear time; a problem is one line for a model to read."""

    def problem(self, schema: Mapping[str, JSON], arguments: Mapping[str, JSON]) -> str | None:
        """What is wrong with the arguments; None if nothing is."""

    def problem_of_schema(self, schema: Mapping[str, JSON]) -> str | None:
        """Why nothing can be checked against this schema; None if it can."""
