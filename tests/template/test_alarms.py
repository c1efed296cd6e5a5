"""Every alarm of the template calls somebody when what it watches crosses its line, and at no other time.

Our own metrics come from lines that the code really wrote, with other values put in; those of AWS are made up here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest

from local.alarms.alarm import Alarm, read_alarms
from local.alarms.embedded_format import read_lines
from local.alarms.evaluation import State, judge
from local.alarms.metric import Metric, Samples
from local.template import parse
from stream_service.updates.door import MOST_SOCKETS
from tests.template.emitted import OUR_NAMESPACE, metrics
from tests.template.stack import TEMPLATE, Stack

NOON = 1_800_000_000 // 86_400 * 86_400
ONE = "metric"
"""The id of the only metric of an alarm without metric math."""
Values = Mapping[str, float | Sequence[float]]
"""What is measured in a period, by the id that the metric has in the alarm."""

OK, ALARM, NO_DATA = State.OK, State.ALARM, State.INSUFFICIENT_DATA
ALARMS = {alarm.name: alarm for alarm in read_alarms(parse(TEMPLATE.read_text(encoding="utf-8")))}


@dataclass(frozen=True)
class Line:
    """Where an alarm's line lies.

    Attributes:
        over: a period just beyond it.
        under: a period on it, or just before.
        unmeasured: what the alarm says when nobody measures any more; it was OK before.
    """

    over: Values
    under: Values
    unmeasured: State = OK


def single(over: float, under: float, unmeasured: State = OK) -> Line:
    return Line({ONE: over}, {ONE: under}, unmeasured)


def slow_of(name: str, *, limit: float, least: int) -> tuple[Values, Values]:
    """Just as many as count, all a little too slow; and one less than count, as slow."""
    return {name: [limit + 1] * least}, {name: [limit + 1] * (least - 1)}


def share(calls: int, capacity: int) -> Values:
    return {"calls": calls, "capacity": capacity}


LINES = {
    "MessageWebhookErrors": single(3, 2),
    "VoiceWebhookErrors": single(3, 2),
    "MessageWorkerErrors": single(3, 2),
    "HistoryApiErrors": single(3, 2),
    "AdminApiErrors": single(3, 2),
    "StreamCpuHigh": single(70.1, 70, NO_DATA),
    "StreamCpuLow": single(29.9, 30, NO_DATA),
    "StreamMemoryHigh": single(85.1, 85),
    "StreamServerErrors": single(5, 4),
    "StreamTargetsFew": single(1, 2, ALARM),
    "ErrorRateHigh": Line(
        {"requests": 1000, "target_errors": 30, "balancer_errors": 21},
        {"requests": 1000, "target_errors": 30, "balancer_errors": 20},
    ),
    "LatencyHigh": Line({"latency": [0.501] * 20, "requests": 20}, {"latency": [0.5] * 20, "requests": 20}),
    "FunctionLatencyHigh": Line(*slow_of("history_api", limit=500, least=20)),
    "TurnLatencyHigh": Line(*slow_of("waited", limit=2000, least=10)),
    "OwnTurnLatencyHigh": Line(*slow_of("whatsapp", limit=500, least=10)),
    "CallLoadHigh": Line(share(81, 100), share(80, 100)),
    "CallLoadRising": Line(share(61, 100), share(60, 100)),
    "EventLoopLate": single(251, 250),
    "CallEndsNotKept": single(1, 0),
    "RecordingPartsLost": single(1, 0),
    "UpdateSocketsHigh": single(4001, 4000),
    "CountersUnavailable": Line({"voice_webhook": 5, "message_worker": 6}, {"voice_webhook": 5, "message_worker": 5}),
    "CostsNotReported": single(1, 0),
    "ExportLate": single(3 * 3600 + 1, 3 * 3600, ALARM),
    "SpansDropped": Line({"stream_service": 1}, {"stream_service": 0}),
    "DatabaseRefuses": Line({"history_api": 1}, {"history_api": 0}),
    "DatabaseConnectionsHigh": single(321, 320),
    "DatabaseStorageLow": single(5 * 1024**3 - 1, 5 * 1024**3, NO_DATA),
    "CacheEvicts": single(80.1, 80, NO_DATA),
    "MessagesDead": single(1, 0),
    "MessagesStale": single(3, 2),
    "MessagesWait": single(61, 60),
    "EventsFailed": single(1, 0),
    "FunctionsThrottled": Line({"history_api": 1}, {"history_api": 0}),
    "RecoveryPointOld": single(301, 300, ALARM),
    "RestoreSlow": single(4 * 3600 + 1, 4 * 3600),
    "RestoreNotWhole": single(0, 1),
    "RestoreUntested": single(35.1, 35, ALARM),
    "CertificateExpires": single(20, 21, OK),
}

each_alarm = pytest.mark.parametrize("name", sorted(LINES))


def play(alarm: Alarm, periods: Sequence[Values]) -> Samples:
    """What is measured in the periods before noon, the oldest first."""
    samples = Samples()
    for back, values in zip(range(len(periods), 0, -1), periods, strict=True):
        at_seconds = NOON - back * alarm.period_seconds + 1
        for metric, measured in _by_metric(alarm, values):
            if metric.namespace == OUR_NAMESPACE:
                assert read_lines([rewritten(metric, measured, at_seconds)], samples) == 1
            else:
                for value in measured:
                    samples.add(metric, at_seconds, value)
    return samples


def _by_metric(alarm: Alarm, values: Values) -> Iterator[tuple[Metric, list[float]]]:
    for name, value in values.items():
        yield alarm.queries[name].metric, [value] if isinstance(value, (int, float)) else list(value)


def rewritten(metric: Metric, values: list[float], at_seconds: float) -> str:
    """The line in which the code wrote this metric, with these values at this moment; it holds nothing else."""
    written = metrics()[metric.name, metric.dimensions]
    (directive,) = written["_aws"]["CloudWatchMetrics"]
    (definition,) = [each for each in directive["Metrics"] if each["Name"] == metric.name]
    head = {"Timestamp": at_seconds * 1000, "CloudWatchMetrics": [{**directive, "Metrics": [definition]}]}
    return json.dumps({**written, "_aws": head, metric.name: values})


def state_after(alarm: Alarm, periods: Sequence[Values], current: State = OK) -> State:
    return judge(alarm, play(alarm, periods), at=NOON, current=current).state


def test_every_alarm_of_the_template_has_a_line_here() -> None:
    assert LINES.keys() == ALARMS.keys()


@pytest.mark.requirement("9.3")
@pytest.mark.requirement("9.4")
@pytest.mark.requirement("14.3")
@each_alarm
def test_an_alarm_calls_when_its_line_is_crossed_often_enough(name: str) -> None:
    alarm, line = ALARMS[name], LINES[name]
    quiet = [line.under] * (alarm.evaluation_periods - alarm.datapoints_to_alarm)

    assert state_after(alarm, [*quiet, *[line.over] * alarm.datapoints_to_alarm]) is ALARM


@each_alarm
def test_an_alarm_is_silent_on_its_line_and_after_it_was_crossed(name: str) -> None:
    alarm, line = ALARMS[name], LINES[name]

    assert state_after(alarm, [line.under] * alarm.evaluation_periods, current=ALARM) is OK
    assert state_after(alarm, [line.over, *[line.under] * alarm.evaluation_periods], current=ALARM) is OK


@each_alarm
def test_an_alarm_that_waits_for_several_periods_does_not_call_earlier(name: str) -> None:
    alarm, line = ALARMS[name], LINES[name]
    too_few = alarm.datapoints_to_alarm - 1
    quiet = [line.under] * (alarm.evaluation_periods - too_few)

    assert state_after(alarm, [*quiet, *[line.over] * too_few]) is OK


@each_alarm
def test_when_nobody_measures_an_alarm_says_what_that_means(name: str) -> None:
    assert judge(ALARMS[name], Samples(), at=NOON, current=OK).state is LINES[name].unmeasured


@each_alarm
def test_an_alarm_says_what_it_means_and_what_to_do_first(name: str, stack: Stack) -> None:
    description = ALARMS[name].description
    actions = stack.properties(name)["AlarmActions"]

    assert ". First: " in description
    assert len(description) <= 1024
    assert actions == [{"Ref": "AlarmTopic"}] or "by itself" in description


@pytest.mark.requirement("9.3")
def test_requests_that_find_no_target_at_all_are_an_error_rate_too() -> None:
    outage: Values = {"no_target": 40, "balancer_errors": 40}

    assert state_after(ALARMS["ErrorRateHigh"], [outage]) is ALARM


@pytest.mark.requirement("9.3")
def test_no_requests_are_no_errors() -> None:
    assert state_after(ALARMS["ErrorRateHigh"], [{"requests": 0}], current=ALARM) is OK
    assert state_after(ALARMS["ErrorRateHigh"], [{"requests": 10}], current=ALARM) is OK


@pytest.mark.requirement("9.4")
def test_the_load_is_that_of_all_tasks_together() -> None:
    two_tasks: Values = {"calls": [50, 31], "capacity": [50, 50]}
    none_yet: Values = {"calls": [0], "capacity": [0]}

    assert state_after(ALARMS["CallLoadHigh"], [two_tasks] * 3) is ALARM
    assert state_after(ALARMS["CallLoadHigh"], [{"calls": [50, 30], "capacity": [50, 50]}] * 3) is OK
    assert state_after(ALARMS["CallLoadHigh"], [none_yet] * 3, current=ALARM) is OK


@pytest.mark.requirement("14.3")
@pytest.mark.parametrize(
    ("name", "ids", "least"),
    [
        ("FunctionLatencyHigh", ("message_webhook", "voice_webhook", "history_api", "admin_api", "stream_service"), 20),
        ("OwnTurnLatencyHigh", ("voice", "whatsapp", "twilio_whatsapp"), 10),
    ],
)
def test_one_slow_service_or_channel_is_enough(name: str, ids: tuple[str, ...], least: int) -> None:
    others: dict[str, Sequence[float]] = {one: [10.0] * 100 for one in ids}

    for slow in ids:
        assert state_after(ALARMS[name], [{**others, slow: [501.0] * least}] * 2) is ALARM
    assert state_after(ALARMS[name], [others] * 3, current=ALARM) is OK


@pytest.mark.requirement("14.3")
def test_latency_is_that_of_the_slowest_twentieth() -> None:
    one_in_twenty: Values = {"latency": [0.1] * 95 + [0.9] * 5, "requests": 100}
    more: Values = {"latency": [0.1] * 94 + [0.9] * 6, "requests": 100}

    assert state_after(ALARMS["LatencyHigh"], [one_in_twenty] * 3, current=ALARM) is OK
    assert state_after(ALARMS["LatencyHigh"], [more] * 3) is ALARM


@pytest.mark.requirement("14.3")
def test_few_slow_requests_at_night_wake_nobody() -> None:
    assert state_after(ALARMS["LatencyHigh"], [{"latency": [3.0] * 19, "requests": 19}] * 3, current=ALARM) is OK


def test_sockets_for_updates_alarm_at_four_fifths_of_what_a_task_takes() -> None:
    assert ALARMS["UpdateSocketsHigh"].threshold == MOST_SOCKETS * 4 / 5
