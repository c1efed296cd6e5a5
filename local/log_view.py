"""A log line as a person reads it: when, how bad, who, what, and the facts that belong to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from local.log_entry import LogEntry
from local.log_meanings import Meaning
from local.terminal import Paint, one_line

_SHORT_ID = 8
_LONGEST_VALUE = 120
_INDENT = " " * 15
_IDS = {"conversation_id": "conversation", "call_sid": "call", "trace_id": "trace", "request_id": "request"}
_SHOWN_ELSEWHERE = {
    *("timestamp", "level", "log_level", "service", "message", "location"),
    *("exception", "stack_trace", "xray_trace_id", *_IDS),
    # What Lambda's runtime writes of an error that a function let out.
    *("errorMessage", "errorType", "stackTrace", "requestId"),
}


class LogView:
    """Turns entries into text; `meanings` explain warnings and errors, if given."""

    def __init__(self, paint: Paint, *, meanings: Mapping[str, Meaning] | None = None) -> None:
        self._paint = paint
        self._meanings = meanings or {}

    def lines_of(self, entry: LogEntry) -> Iterator[str]:
        """The line, and what is indented below it."""
        if entry.is_metric:
            yield self._line(entry, self._paint.aside(f"{'metric':<7}"), _measured(entry.fields))
        elif not entry.fields:
            yield self._line(entry, " " * 7, one_line(entry.raw))
        else:
            yield self._line(entry, self._level(entry), self._said(entry))
            yield from self._explained(entry)
            for trace_line in _trace_of(entry.fields):
                yield _INDENT + self._paint.aside(one_line(trace_line))

    def _line(self, entry: LogEntry, level: str, said: str) -> str:
        at = entry.at.astimezone().strftime("%H:%M:%S.%f")[:-3] if entry.at else ""
        return (
            f"{self._paint.aside(f'{at:<12}')}  {level}  {self._paint.name(f'{one_line(entry.service):<16}')}  {said}"
        )

    def _level(self, entry: LogEntry) -> str:
        colour = {"WARNING": self._paint.doubtful, "ERROR": self._paint.bad, "CRITICAL": self._paint.bad}
        return colour.get(entry.level, self._paint.aside)(f"{entry.level:<7}")

    def _said(self, entry: LogEntry) -> str:
        event = one_line(_event_of(entry.fields))
        facts = " ".join(
            f"{self._paint.aside(one_line(name) + '=')}{_short(value)}"
            for name, value in entry.fields.items()
            if name not in _SHOWN_ELSEWHERE and value is not None
        )
        ids = " ".join(
            f"{shown} {one_line(str(entry.fields[name]))[-_SHORT_ID:]}"
            for name, shown in _IDS.items()
            if entry.fields.get(name)
        )
        return "  ".join(filter(None, (self._paint.title(event), facts, self._paint.aside(ids) if ids else "")))

    def _explained(self, entry: LogEntry) -> Iterator[str]:
        meaning = self._meanings.get(str(entry.fields.get("message")))
        if meaning is not None and entry.level != "INFO":
            yield f"{_INDENT}{meaning.means} {self._paint.title(meaning.to_do)}".rstrip()


def _event_of(fields: Mapping[str, Any]) -> str:
    if "errorType" in fields:
        return f"{fields['errorType']}: {fields.get('errorMessage', '')}"
    return str(fields.get("message", "")).replace("_", " ")


def _trace_of(fields: Mapping[str, Any]) -> list[str]:
    frames = fields.get("stackTrace")
    told = "".join(map(str, frames)) if isinstance(frames, list) else str(fields.get("exception") or "")
    return told.splitlines()


def _short(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + one_line(", ".join(f"{name} {item}" for name, item in value.items()), width=_LONGEST_VALUE) + "}"
    if isinstance(value, list):
        return "[" + one_line(", ".join(map(str, value)), width=_LONGEST_VALUE) + "]"
    return one_line(str(value).lower() if isinstance(value, bool) else str(value), width=_LONGEST_VALUE)


def _measured(fields: Mapping[str, Any]) -> str:
    """Values by name, and the dimensions they are kept under."""
    described = fields["_aws"].get("CloudWatchMetrics") if isinstance(fields["_aws"], Mapping) else None
    values, dimensions = [], []
    for each in described if isinstance(described, list) else []:
        named = {name for group in each.get("Dimensions", []) for name in group} - {"service"}
        dimensions += [f"{name} {fields.get(name)}" for name in sorted(named)]
        values += [f"{metric['Name']}={_values(fields.get(metric['Name']))}" for metric in each.get("Metrics", [])]
    return one_line(" ".join(values) + (f"  ({', '.join(dimensions)})" if dimensions else ""))


def _values(value: object) -> str:
    """One number, or how many there were and the largest."""
    if isinstance(value, list) and value and all(isinstance(each, int | float) for each in value):
        return f"{value[0]:g}" if len(value) == 1 else f"{len(value)}x up to {max(value):g}"
    return str(value)
