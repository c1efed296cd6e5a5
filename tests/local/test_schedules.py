from __future__ import annotations

import asyncio
from typing import Any

import pytest

from local.lambda_pool import InvocationFailedError
from local.layout import REPOSITORY
from local.schedules import keep_running, minutely_functions
from local.template import read_local


def test_what_aws_runs_every_minute_is_run_here_and_reports_about_aws_are_not() -> None:
    assert minutely_functions(read_local(REPOSITORY / "template.yaml", {})) == ["RingBack"]


async def test_a_function_that_fails_is_run_again() -> None:
    outcomes = iter([InvocationFailedError("broken"), None, asyncio.CancelledError()])
    ran: list[Any] = []

    async def invoke(event: Any) -> None:
        ran.append(event["source"])
        if (outcome := next(outcomes)) is not None:
            raise outcome

    with pytest.raises(asyncio.CancelledError):
        await keep_running(invoke, every_seconds=0)

    assert ran == ["aws.scheduler"] * 3
