"""One piece of work of a trace, when it is over: who asked for it, how long it took, whether it failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

Attribute: TypeAlias = str | bool | int | float | Sequence[str]


class SpanKind(StrEnum):
    """Which end of a conversation between two programs a span is, if it is one."""

    INTERNAL = "internal"
    SERVER = "server"
    CLIENT = "client"
    PRODUCER = "producer"
    CONSUMER = "consumer"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanEvent:
    """Something that happened within a span."""

    name: str
    at_ns: int
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanLink:
    """Another span, of this trace or another, that this one has to do with: 32 and 16 hexadecimal digits."""

    trace_id: str
    span_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedSpan:
    """A span that has ended. Times are nanoseconds since 1970.

    Attributes:
        trace_id: 32 hexadecimal digits.
        span_id: 16 hexadecimal digits, as `parent_id`, which is empty at the top of a trace.
        has_remote_parent: the span above it belongs to another program, or to another life of this one.
        error: the code of what went wrong, never its words; empty when nothing did.
    """

    trace_id: str
    span_id: str
    parent_id: str = ""
    has_remote_parent: bool = False
    name: str
    kind: SpanKind = SpanKind.INTERNAL
    started_ns: int
    ended_ns: int
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    events: tuple[SpanEvent, ...] = ()
    links: tuple[SpanLink, ...] = ()
    error: str = ""
    is_sampled: bool = True

    @property
    def is_entry(self) -> bool:
        """Whether nothing above it is of this program."""
        return self.has_remote_parent or not self.parent_id
