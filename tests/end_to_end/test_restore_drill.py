"""The short form of `make restore-drill`: a database is lost and restored, and a platform goes on with it."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest

from local.restore_drill.drill import RPO_SECONDS, RTO_SECONDS, Plan, RestoreDrill
from local.restore_drill.steps import Report

pytestmark = pytest.mark.integration


@pytest.mark.requirement("11.5")
@pytest.mark.requirement("15.2")
@pytest.mark.requirement("15.3")
@pytest.mark.requirement("15.5")
def test_every_commit_before_the_moment_comes_back_none_after_it_and_the_platform_goes_on() -> None:
    report = Report()
    with tempfile.TemporaryDirectory(prefix="vaani-restore-") as directory:
        # PostgreSQL runs as another user where the tests run as root.
        Path(directory).chmod(0o711)
        # How long archiving takes is the machine's affair, below the RPO.
        plan = Plan(seconds=8, past=200, archiving_slack_seconds=60)
        drill = RestoreDrill(Path(directory), plan, report)

        asyncio.run(drill.play())

    assert report.problems == []
    assert len(report.steps) == 9
    loss, recovery = report.figures["data_loss_seconds"], report.figures["recovery_seconds"]
    assert isinstance(loss, float)
    assert isinstance(recovery, float)
    assert loss <= RPO_SECONDS
    assert recovery <= RTO_SECONDS
