"""What a running copy wrote about itself: lines that CloudWatch takes, and alarms that can be judged on them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from typing import Any

import pytest

from tests.embedded_metric_format import problems
from tests.end_to_end.platform import REPOSITORY, Platform

pytestmark = pytest.mark.integration
COMMAND_SECONDS = 60


def metric_lines(platform: Platform) -> list[str]:
    """Every line with metrics that any program of the copy wrote so far."""
    logs = sorted((platform.directory / "logs").glob("*.log"))
    texts = [log.read_text(encoding="utf-8", errors="replace") for log in logs]
    return [line for text in texts for line in text.splitlines() if '"_aws"' in line]


@pytest.mark.requirement("9.2")
async def test_cloudwatch_would_take_every_line_of_a_running_copy(scripted_platform: Platform) -> None:
    await scripted_platform.get("/api/v1/conversations")

    lines = metric_lines(scripted_platform)
    assert lines
    assert [problem for line in lines for problem in problems(line, now_ms=time.time() * 1000)] == []


@pytest.mark.requirement("9.2")
@pytest.mark.requirement("14.2")
async def test_a_request_to_a_running_copy_is_measured_and_logged_with_its_time(scripted_platform: Platform) -> None:
    await scripted_platform.get("/api/v1/conversations")

    log = (scripted_platform.directory / "logs" / "history_api.log").read_text(encoding="utf-8")
    lines: list[dict[str, Any]] = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    handled = [line for line in lines if line.get("message") == "request_handled"]
    assert ("/api/v1/conversations", 200) in {(line["route"], line["status"]) for line in handled}
    assert all(line["elapsed_ms"] > 0 for line in handled)
    assert any("request_ms" in line and line.get("service") == "history_api" for line in lines)


async def test_the_alarms_of_the_template_are_judged_on_it(scripted_platform: Platform) -> None:
    await scripted_platform.get("/api/v1/conversations")

    command = [sys.executable, "-m", "local", "alarms", "--json", "--directory", str(scripted_platform.directory)]
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=REPOSITORY, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
    )

    assert done.returncode in {0, 3}, done.stderr
    judged = {alarm["alarm"]: alarm for alarm in json.loads(done.stdout)}
    assert judged["ErrorRateHigh"]["is_measured"]
    assert judged["LatencyHigh"]["is_measured"]
    assert not judged["CertificateExpires"]["is_measured"]
