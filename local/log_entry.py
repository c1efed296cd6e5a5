"""One line of a program's log: what it says, and whether somebody asked for it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_TIME_IN_TEXT = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:[.,](\d{3}))?(?: UTC|Z|\+00:00)")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """A line of JSON, or of text where the program is not one of ours: `fields` has nothing then."""

    program: str
    """The log file's name without its ending."""
    raw: str
    at: datetime | None
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_metric(self) -> bool:
        """Whether CloudWatch makes metrics of it."""
        return "_aws" in self.fields

    @property
    def level(self) -> str:
        """INFO where it does not tell."""
        told = self.fields.get("level") or self.fields.get("log_level")
        return told if isinstance(told, str) and told in LEVELS else "INFO"

    @property
    def service(self) -> str:
        """Who says it: of two tasks of one service, which."""
        return self.program if self.program.startswith(self._told_service) else self._told_service

    @property
    def _told_service(self) -> str:
        told = self.fields.get("service")
        return told if isinstance(told, str) and told != "service_undefined" else self.program


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asked for; nothing asks for everything."""

    services: tuple[str, ...] = ()
    level: str = "DEBUG"
    conversation: str = ""
    call: str = ""
    trace: str = ""
    pattern: re.Pattern[str] | None = None
    since: datetime | None = None

    def includes(self, entry: LogEntry) -> bool:
        """Whether the line is to be shown."""
        if self.since is not None and (entry.at is None or entry.at < self.since):
            return False
        if self.services and not {entry.service, entry.program, entry.fields.get("service")} & set(self.services):
            return False
        if LEVELS.index(entry.level) < LEVELS.index(self.level):
            return False
        ids = (("conversation_id", self.conversation), ("call_sid", self.call), ("trace_id", self.trace))
        if any(wanted and not _is_same(entry.fields.get(name), wanted) for name, wanted in ids):
            return False
        return self.pattern is None or self.pattern.search(entry.raw) is not None


def read_entry(program: str, line: str, *, before: datetime | None = None) -> LogEntry:
    """What a line says. One without a time is as old as the line `before` it."""
    try:
        fields = json.loads(line) if line.startswith("{") else {}
    except ValueError:
        fields = {}
    if not isinstance(fields, dict):
        fields = {}
    return LogEntry(program=program, raw=line, at=_time_of(fields, line) or before, fields=fields)


def _time_of(fields: Mapping[str, Any], line: str) -> datetime | None:
    aws = fields.get("_aws")
    try:
        if isinstance(aws, Mapping):
            return datetime.fromtimestamp(float(aws["Timestamp"]) / 1000, UTC)
        if "timestamp" in fields:
            told = datetime.fromisoformat(str(fields["timestamp"]))
            return told if told.tzinfo else told.replace(tzinfo=UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None
    found = _TIME_IN_TEXT.match(line)
    if found is None:
        return None
    day, time, milliseconds = found.groups()
    try:
        return datetime.fromisoformat(f"{day}T{time}.{milliseconds or '000'}+00:00")
    except ValueError:
        return None


def _is_same(told: object, wanted: str) -> bool:
    """Whole ids, and their ends as they are shown."""
    return isinstance(told, str) and (told.endswith(wanted) or told.startswith(wanted))
