"""What may lie idle: a resource as described, and the measurements that decide."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeAlias

from shared.adapters.aws.inventory.measurements import Hourly, Metric
from shared.domain.idle import KEEP_TAG, ObservedResource, Window, all_quiet, is_kept, is_quiet, is_young

Settle: TypeAlias = Callable[[ObservedResource, Sequence[Hourly], Window], ObservedResource]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """`settle` turns the hours of `metrics`, in their order, into the verdict; without metrics the resource has it."""

    resource: ObservedResource
    metrics: tuple[Metric, ...] = ()
    settle: Settle | None = None

    def settled(self, measured: Mapping[Metric, Hourly] | None, window: Window) -> ObservedResource:
        """The resource with its verdict; None is it where nothing was measured or the resource is too young."""
        if self.settle is None:
            return self.resource
        if measured is None or is_young(self.resource.created_at, window):
            return replace(self.resource, is_idle=None)
        return self.settle(self.resource, [measured[metric] for metric in self.metrics], window)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What the search for each kind of resource is given.

    Attributes:
        bucket: of the platform's data.
        client: the client of a service; their classes are many and their answers are read field by field.
        tagged: the ARNs of the stack's resources by `service:type`; those that are to be kept are left out.
        kept: the ARNs of those.
    """

    name: str
    region: str
    bucket: str
    client: Callable[[str], Any]
    window: Window
    today: date
    tagged: Mapping[str, Sequence[str]]
    kept: frozenset[str] = field(default_factory=frozenset)

    def pages(self, service: str, operation: str, **question: Any) -> Iterator[Any]:
        """All pages of an answer."""
        return iter(self.client(service).get_paginator(operation).paginate(**question))

    def asks_to_keep(self, tags: Sequence[Mapping[str, str]], name: str = "Key", value: str = "Value") -> bool:
        """Whether a person's tag says so; services spell the fields of tags in two ways."""
        return any(tag[name] == KEEP_TAG and is_kept(tag.get(value), self.today) for tag in tags)


def quiet(*, at_most: float = 0, absent_is_zero: bool = False) -> Settle:
    """A verdict: idle when no hour of any metric exceeds `at_most`."""

    def settle(resource: ObservedResource, hourly: Sequence[Hourly], window: Window) -> ObservedResource:
        verdicts = [is_quiet(hours, window, at_most=at_most, absent_is_zero=absent_is_zero) for hours in hourly]
        return replace(resource, is_idle=all_quiet(verdicts))

    return settle
