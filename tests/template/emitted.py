"""What each service really writes when it does once what alarms and dashboard watch."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from typing import Any

from tests.template.stack import ROOT

OUR_NAMESPACE = "Vaani"
Metric = tuple[str, frozenset[tuple[str, str]]]
Line = dict[str, Any]


SERVICES = (
    "admin_api",
    "cost_report",
    "history_api",
    "message_webhook",
    "message_worker",
    "restore_check",
    "stream_service",
    "voice_webhook",
)


@functools.cache
def lines() -> tuple[Line, ...]:
    """Their lines in the embedded metric format, as the program `tests.template.emit` wrote them."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.template.emit", *SERVICES],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return tuple(json.loads(line) for line in done.stdout.splitlines() if '"_aws"' in line)


@functools.cache
def metrics() -> dict[Metric, Line]:
    """A line for each metric of ours that they write."""
    return {
        (metric["Name"], frozenset((name, line[name]) for name in dimensions)): line
        for line in lines()
        for directive in line["_aws"]["CloudWatchMetrics"]
        if directive["Namespace"] == OUR_NAMESPACE
        for dimensions in directive["Dimensions"]
        for metric in directive["Metrics"]
    }
