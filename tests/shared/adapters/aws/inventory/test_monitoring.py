from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from tests.shared.adapters.aws.inventory.cloud import OLD, WINDOW, YOUNG, Cloud, arn

LOG_GROUP = arn("logs", "log-group:/vaani/dev")
ALARM = arn("cloudwatch", "alarm:vaani-silent")


async def test_a_log_group_without_retention_is_found_and_its_namesakes_are_not(cloud: Cloud) -> None:
    cloud.holds(LOG_GROUP)
    groups = [
        {"logGroupName": "/vaani/dev", "storedBytes": 3 * 1024**3},
        {"logGroupName": "/vaani/dev-other", "storedBytes": 1},
    ]
    cloud.answer("logs", "describe_log_groups", {"logGroups": groups}, {"logGroupIdentifiers": ["/vaani/dev"]})

    (group,) = await cloud.observe()

    assert (group.is_idle, group.quantity) == (True, Decimal(3))


async def test_an_alarm_that_has_had_no_data_for_a_day_is_found_with_its_metrics(cloud: Cloud) -> None:
    query = {"Id": "a", "MetricStat": {"Metric": {"MetricName": "x"}, "Period": 60, "Stat": "Sum"}}
    maths = {"Id": "b", "Expression": "a * 2"}
    cloud.holds(ALARM, ALARM + "-young")
    alarms = [
        {"AlarmName": "silent", "AlarmArn": ALARM, "StateUpdatedTimestamp": OLD, "Metrics": [query, maths, query]},
        {"AlarmName": "young", "AlarmArn": ALARM + "-young", "StateTransitionedTimestamp": YOUNG},
        {"AlarmName": "others", "AlarmArn": ALARM + "-others", "StateUpdatedTimestamp": OLD},
    ]
    cloud.answer("cloudwatch", "describe_alarms", {"MetricAlarms": alarms}, {"StateValue": "INSUFFICIENT_DATA"})

    silent, young = await cloud.observe()

    assert (silent.name, silent.is_idle, silent.quantity) == ("silent", True, Decimal(2))
    assert (young.name, young.is_idle) == ("young", False)
    assert silent.idle_since is not None
    assert silent.idle_since <= WINDOW.since - timedelta(days=1)
