"""What the service tells about itself."""

from __future__ import annotations

import asyncio
import json

import pytest

from stream_service import heartbeat
from stream_service.live_calls import LiveCalls


async def reported(
    live_calls: LiveCalls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> object:
    """The metrics of one minute, which pass at once."""
    monkeypatch.setattr(heartbeat, "INTERVAL_SECONDS", 0)
    beating = asyncio.create_task(heartbeat.beat(live_calls))
    written = ""
    while "_aws" not in written:
        await asyncio.sleep(0)
        written += capsys.readouterr().out
    beating.cancel()
    return json.loads(written.splitlines()[0])


async def test_calls_and_capacity_are_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    live_calls = LiveCalls(capacity=50)

    with live_calls.admit(), live_calls.admit():
        metrics = await reported(live_calls, monkeypatch, capsys)

    assert isinstance(metrics, dict)
    assert (metrics["active_calls"], metrics["call_capacity"]) == ([2.0], [50.0])


async def test_a_draining_task_has_no_capacity(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    live_calls = LiveCalls(capacity=50)
    live_calls.drain()

    metrics = await reported(live_calls, monkeypatch, capsys)

    assert isinstance(metrics, dict)
    assert not {"active_calls", "call_capacity"} & metrics.keys()
    assert "event_loop_lag_ms" in metrics
