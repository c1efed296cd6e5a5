"""The table of costs for people."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from local import costs
from local.__main__ import main
from local.cost_operations import cost_paths
from local.terminal import Paint


def example() -> dict[str, Any]:
    """What the API's description shows."""
    content = cost_paths()["/api/v1/costs"]["get"]["responses"]["200"]["content"]["application/json"]
    data: dict[str, Any] = json.loads(json.dumps(content["example"]))["data"]
    return data


def shown(answer: dict[str, Any]) -> str:
    return "\n".join(costs.lines_of(answer, Paint(io.StringIO())))


@pytest.mark.requirement("16.4")
def test_months_the_months_end_surprises_and_units_are_shown() -> None:
    text = shown(example())

    assert "Amazon Relational Database Service                  11.10" in text
    assert "2026-03 will come to about 310.00 USD (300.70 to 319.30)" in text
    assert "! Amazon Transcribe, 2026-03-08: 11.84 USD more than usual" in text
    assert "0.116366 USD  (100.00 minutes)  incomplete" in text
    assert "without: price twilio.voice.inbound.IN" in text
    assert "! messages cannot be had now (store_unavailable)" in text
    assert "1 of 1 prices are second-hand" in text


def test_what_there_is_none_of_is_not_shown() -> None:
    answer = example() | {"months": [], "forecast": None, "anomalies": [], "problems": []}
    answer["unit_costs"][0]["message"]["per_unit"] = None

    text = shown(answer)

    assert "AWS" not in text
    assert "a message" not in text


def test_a_platform_that_does_not_run_is_an_error_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["costs", "--directory", str(tmp_path)]) == 1
    assert "does not run" in capsys.readouterr().err


def test_an_answer_that_is_none_is_an_error_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> dict[str, Any]:
        raise httpx.ConnectError("refused")

    monkeypatch.setattr(costs, "read_stack", lambda _: {"base_url": "http://127.0.0.1:1"})
    monkeypatch.setattr(costs, "_ask", refuse)

    assert main(["costs", "--directory", str(tmp_path)]) == 1
    assert "no answer about costs" in capsys.readouterr().err
