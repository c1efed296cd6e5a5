"""Scenario files: a mistake is told with its line, the scenarios of the repository are sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.evaluation.scenario_file import ScenarioInvalid, choose, read_all, read_file

GOOD = """\
tags: [themed]
scenarios:
  - name: a-question
    title: Somebody asks
    channel: whatsapp
    tags: [smoke]
    steps:
      - say: Hello
        expect: {agent: reception}
"""


def written(folder: Path, text: str, name: str = "some.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(ScenarioInvalid) as raised:
        read_file(written(folder, text))
    return str(raised.value).removeprefix(str(folder / "some.yaml"))


def test_scenario_has_the_tags_of_its_file_too(tmp_path: Path) -> None:
    (scenario,) = read_file(written(tmp_path, GOOD))

    assert set(scenario.tags) == {"themed", "smoke"}
    assert scenario.steps[0].say == "Hello"


def test_wrong_key_is_told_with_its_line(tmp_path: Path) -> None:
    problem = refusal(tmp_path, GOOD.replace("expect: {agent:", "expect: {agnet:"))

    assert problem.startswith(":9:")
    assert "`agnet`" in problem


def test_wrong_value_is_told_with_its_line(tmp_path: Path) -> None:
    problem = refusal(tmp_path, GOOD.replace("channel: whatsapp", "channel: letter"))

    assert problem.startswith(":5:")


def test_broken_yaml_is_told_with_its_line(tmp_path: Path) -> None:
    problem = refusal(tmp_path, GOOD.replace("tags: [smoke]", "tags: [smoke"))

    assert problem.startswith(":7:")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("say: Hello", "expect: {}"), "exactly one action"),
        (("expect: {agent: reception}", "press: {id: a, title: b}"), "exactly one action"),
        (("{agent: reception}", "{reply: {}}"), "nothing is asked"),
        (("{agent: reception}", "{reply: {matches: '('}}"), "no regular expression"),
        (("say: Hello", "forget: true"), "needs `alone: true`"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    text = GOOD.replace(*change).replace("        expect: {}\n        expect", "        expect")

    assert words in refusal(tmp_path, text.replace("      - expect: {}\n        expect:", "      - expect:"))


def test_two_scenarios_of_one_name_are_refused(tmp_path: Path) -> None:
    written(tmp_path, GOOD, "one.yaml")
    written(tmp_path, GOOD, "two.yaml")

    with pytest.raises(ScenarioInvalid, match="a-question"):
        read_all(tmp_path)


def test_scenarios_are_chosen_by_name_or_tag() -> None:
    scenarios = read_all()

    assert len(choose(scenarios, [])) == len(scenarios)
    assert [each.name for each in choose(scenarios, ["voice-note"])] == ["voice-note"]
    assert all("smoke" in each.tags for each in choose(scenarios, ["smoke"]))


def test_the_repository_holds_at_least_forty_scenarios_on_all_channels_with_what_matters() -> None:
    scenarios = read_all()

    assert len(scenarios) >= 40
    assert {each.channel for each in scenarios} == {"whatsapp", "twilio-whatsapp", "voice"}
    tags = {tag for each in scenarios for tag in each.tags}
    assert {"languages", "hand-over", "people", "abuse", "phone", "tools", "routing", "smoke"} <= tags
    assert any(step.interrupted_by for each in scenarios for step in each.steps)
