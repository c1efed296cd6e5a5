"""What is wrong with a line that a process of ours wrote."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from tests.shared.observability.log_table import documented_events, documented_fields, fields_of_every_line

REQUIRED = ("timestamp", "level", "service", "location", "message")
OF_LAMBDAS_RUNTIME = {"timestamp", "log_level", "errorMessage", "errorType", "stackTrace", "requestId"}
"""How Lambda itself writes of an error that a function lets out, where the log format is JSON."""


class LineCheck:
    """Reads the documentation once, and compares lines with it."""

    def __init__(self) -> None:
        self._events = documented_events()
        self._known = {*documented_fields(), *fields_of_every_line(), "exception_notes"}

    def faults_of(self, line: str) -> list[str]:
        """Nothing, if it is one JSON object with all that must be there, and only what is documented."""
        try:
            told: Any = json.loads(line)
        except ValueError:
            return ["is no JSON"]
        if not isinstance(told, dict):
            return ["is no object"]
        if "_aws" in told or set(told) == OF_LAMBDAS_RUNTIME:
            return []
        faults = [f"has no {name}" for name in REQUIRED if not isinstance(told.get(name), str)]
        return faults or self._against_the_table(told)

    def _against_the_table(self, told: dict[str, Any]) -> list[str]:
        event = self._events.get(told["message"])
        if event is None:
            return [f"{told['message']} is not documented"]
        faults = [f"{name} is not documented" for name in sorted(set(told) - self._known)]
        if told["level"] not in event.levels:
            faults.append(f"{told['message']} is documented as {event.levels}")
        if datetime.fromisoformat(told["timestamp"]).utcoffset() != timedelta():
            faults.append("tells its time in another zone")
        return faults
