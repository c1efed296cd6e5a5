"""Once a day: recommends giving up what lay idle for 24 hours."""

from __future__ import annotations

from shared import lambda_runtime, observability, wiring

report_idle_resources = wiring.report_idle_resources()


def handler(_event: lambda_runtime.Event, _context: object) -> None:
    """Report; an exception makes Lambda try again, and nothing is told twice but for a failure in between."""
    lambda_runtime.run(report_idle_resources())
    observability.flush_metrics()
