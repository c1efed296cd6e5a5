"""The table of metrics and the code say the same: names, units, dimensions, alarms."""

from __future__ import annotations

import re

import pytest

from local.alarms.alarm import read_alarms
from local.template import parse
from tests.measured_metrics import measured_metrics
from tests.template.emitted import OUR_NAMESPACE, metrics
from tests.template.stack import ROOT, TEMPLATE

TABLE = (ROOT / "shared/observability/METRICS.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| (.+?) \| .+ \| (.+) \|$", re.MULTILINE)
STAGE = re.compile(r"turn_(?!own_ms|total_ms)\w+_ms")
"""Of each stage of a turn there is a metric; the table has one row for them."""


def rows() -> dict[str, tuple[str, str, str]]:
    """Unit, dimensions and alarms by the metric's name, as the table has them."""
    return {name: (unit, apart, alarms) for name, unit, apart, alarms in ROW.findall(TABLE)}


def words(cell: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", cell))


def of_turns() -> dict[str, frozenset[str]]:
    """Dimensions of the metrics that a turn makes, by name; those of an agent tell no service."""
    made: dict[str, set[str]] = {}
    for name, pairs in metrics():
        dimensions = {key for key, _ in pairs}
        is_of_turn = name in {"turns", "voice_to_voice_ms", "turn_own_ms"} or STAGE.fullmatch(name)
        if dimensions == {"agent"} or is_of_turn:
            made.setdefault("turn_STAGE_ms" if STAGE.fullmatch(name) else name, set()).update(dimensions)
    return {name: frozenset(dimensions) for name, dimensions in made.items()}


@pytest.mark.requirement("9.2")
def test_every_metric_that_the_code_measures_is_explained_and_no_other() -> None:
    assert rows().keys() == measured_metrics().keys() | of_turns().keys()


def test_units_are_those_of_the_code() -> None:
    units = {name: unit.lower() for name, (unit, _) in measured_metrics().items()}

    assert {name: unit for name, (unit, _, _) in rows().items() if name in units} == units


def test_dimensions_are_those_of_the_code() -> None:
    told = {name: words(apart) for name, (_, apart, _) in rows().items()}

    for name, (_, dimensions) in measured_metrics().items():
        assert told[name] == dimensions - {"service"}, name
    assert told["failures"] == {"agent"}
    assert told["turn_own_ms"] == told["voice_to_voice_ms"] == told["turn_STAGE_ms"] == {"channel"}


def test_alarms_are_those_of_the_template() -> None:
    watching: dict[str, set[str]] = {}
    for alarm in read_alarms(parse(TEMPLATE.read_text(encoding="utf-8"))):
        for metric in alarm.metrics:
            if metric.namespace == OUR_NAMESPACE:
                watching.setdefault(metric.name, set()).add(alarm.name)

    assert {name: words(alarms) for name, (_, _, alarms) in rows().items() if words(alarms)} == watching
