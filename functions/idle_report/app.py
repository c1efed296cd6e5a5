"""Once a day: recommends giving up what lay idle for 24 hours, and reserving what runs all the time."""

from __future__ import annotations

from typing import Any

from shared import lambda_runtime, observability, wiring

report_idle_resources = wiring.report_idle_resources()


def handler(_event: lambda_runtime.Event, _context: object) -> dict[str, Any]:
    """Report, and say what was found and sent; an exception makes Lambda try again, and nothing is lost by it."""
    report = lambda_runtime.run(report_idle_resources())
    observability.flush_metrics()
    return {
        "recommendations": len(report.recommendations),
        "notices": [{"id": notice.id, "subject": notice.subject, "text": notice.text} for notice in report.notices],
    }
