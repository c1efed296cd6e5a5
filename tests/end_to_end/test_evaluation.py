"""The scenarios that stand for all the others are played on a running platform; `make eval` plays them all."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.evaluation.report import failure_of
from local.evaluation.result import Result
from local.evaluation.runner import prepare, run_all
from local.evaluation.scenario import Scenario, Step
from local.evaluation.scenario_file import choose, read_all
from tests.end_to_end.platform import Platform
from tests.stream_service.listening.utterances import MODEL_DIR

pytestmark = [pytest.mark.integration, pytest.mark.alone]


async def played(platform: Platform, scenarios: list[Scenario], folder: Path) -> list[Result]:
    async with platform.stack() as stack:
        studio = await prepare(stack, scenarios, speech=folder, models=MODEL_DIR)
        return await run_all(studio, scenarios, times=1, report=lambda _: None)


async def test_the_smoke_scenarios_pass(platform: Platform, tmp_path: Path) -> None:
    scenarios = choose(read_all(), ["smoke"])

    results = await played(platform, scenarios, tmp_path)

    assert len(results) == len(scenarios) >= 6
    assert not [failure_of(result) for result in results if not result.has_passed]


async def test_a_scenario_that_expects_something_else_fails_and_says_why(platform: Platform, tmp_path: Path) -> None:
    (sound,) = choose(read_all(), ["default-agent"])
    wrong = Scenario(
        name="wrong", title="", channel="whatsapp", steps=(Step(say="Hello", expect=sound.steps[0].expect),)
    )
    other = Scenario(
        name="other", title="", channel="whatsapp", steps=(Step(say="When do I get my refund?"), *wrong.steps)
    )

    (result,) = await played(platform, [other], tmp_path)

    assert result.failed_step == 2
    assert any("reception" in problem for problem in result.problems)
    assert any("refund" in line for line in result.transcript)
    assert any(each.startswith("conversation ") for each in result.ids)
