"""Metrics in CloudWatch's embedded format: written to the log, counted there."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from aws_lambda_powertools.metrics import EphemeralMetrics, Metrics, MetricUnit

from shared.observability.logs import logger, tell_left_out

NAMESPACE = "Vaani"
SLOW_MS = {"database_query": 200.0, "cache_operation": 50.0, "queue_send": 250.0}
"""From how many milliseconds an operation on a component gets a line of its own, beside the metric that all make up."""
metrics = Metrics(namespace=NAMESPACE)


def count(name: str, value: float = 1, **dimensions: str) -> None:
    """Add to a counter. Dimensions must have few values: channels and functions, never users or ids.

    What is named `..._seconds` has that unit.
    """
    unit = MetricUnit.Seconds if name.endswith("_seconds") else MetricUnit.Count
    if not dimensions:
        metrics.add_metric(name=name, unit=unit, value=value)
        return
    with own_dimensions(dimensions) as single:
        single.add_metric(name=name, unit=unit, value=value)


def measure(name: str, elapsed_ms: float) -> None:
    """Record a duration under the metric `{name}_ms`."""
    metrics.add_metric(name=f"{name}_ms", unit=MetricUnit.Milliseconds, value=round(elapsed_ms, 3))


@contextmanager
def timed(name: str, *, operation: str = "") -> Iterator[None]:
    """Record how long the block took, whether or not it failed, under the metric `{name}_ms`.

    Slow ones are logged with their `operation`, which says what of all that is measured under the name was done.
    """
    started = time.perf_counter()
    try:
        yield
    finally:
        elapsed_ms = (time.perf_counter() - started) * 1000
        measure(name, elapsed_ms)
        if elapsed_ms >= SLOW_MS.get(name, math.inf):
            logger.warning("operation_slow", component=name, operation=operation, elapsed_ms=round(elapsed_ms))


def flush_metrics() -> None:
    """Write the metrics gathered so far; a function does so after each event, a service every few seconds.

    Where they cannot be written, on a full disk, they are lost, and the work goes on. Log lines that were left out are
    told of at the same times.
    """
    tell_left_out()
    if metrics.metric_set:
        _write(metrics)


def _write(gathered: Metrics | EphemeralMetrics) -> None:
    """In one piece, end of line included: another thread may be writing a line."""
    with suppress(OSError):
        sys.stdout.write(json.dumps(gathered.serialize_metric_set(), separators=(",", ":")) + "\n")
        sys.stdout.flush()
    gathered.clear_metrics()


@contextmanager
def own_dimensions(dimensions: dict[str, str], *, service: str | None = None) -> Iterator[EphemeralMetrics]:
    """Metrics apart from the process's own; with an empty `service` they do not tell which one wrote them."""
    separate = EphemeralMetrics(namespace=NAMESPACE, service=service)
    for name, value in dimensions.items():
        separate.add_dimension(name=name, value=value)
    yield separate
    _write(separate)
