"""The daily report: each part for itself, told once, the same when it is done again."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pytest

from shared import observability
from shared.domain.cost import DailyCost
from shared.domain.cost_per_unit import CallUsage, MonthlyUsage, PriceList, SpokenUsage
from shared.domain.json_value import JSON
from shared.domain.provider_prices import LIST_PRICES, SPEECH_IN, SPEECH_OUT
from shared.errors import ProviderUnavailable
from shared.use_cases.report_costs import ReportCosts
from tests.cost_samples import days_of, raw_days, steady, with_more
from tests.fakes.cost_source import FakeAnomalyMemory, FakeCostSource, FakeMessageTally, FakeUsageTally
from tests.fakes.idle import FakeNotifier

TODAY = date(2026, 3, 20)
USAGE = MonthlyUsage(
    month=date(2026, 3, 1),
    calls=(CallUsage(direction="outbound", number="+9198", calls=2, seconds=600, started_minutes=11),),
    spoken=SpokenUsage(characters=4000, replies=30, model_microusd=3660),
)


@dataclass
class Office:
    """The report with everything around it, on one day."""

    costs: FakeCostSource = field(default_factory=lambda: FakeCostSource(days=days_of(raw_days(TODAY))))
    messages: FakeMessageTally = field(default_factory=FakeMessageTally)
    usage: FakeUsageTally = field(default_factory=lambda: FakeUsageTally(months=[USAGE]))
    memory: FakeAnomalyMemory = field(default_factory=FakeAnomalyMemory)
    notifier: FakeNotifier = field(default_factory=FakeNotifier)
    has_notifier: bool = True
    today: date = TODAY

    async def report(self) -> dict[str, JSON]:
        answer = await ReportCosts(
            self.costs,
            self.messages,
            self.usage,
            self.memory,
            self.notifier if self.has_notifier else None,
            lambda: datetime(self.today.year, self.today.month, self.today.day, 2, 30, tzinfo=UTC),
            PriceList(prices=LIST_PRICES, speech_in=SPEECH_IN, speech_out=SPEECH_OUT),
        )()
        observability.flush_metrics()
        return answer


@pytest.fixture
def office() -> Office:
    return Office()


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The metrics without the moments they were written at."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    for line in lines:
        line["_aws"].pop("Timestamp")
    return lines


def value(metrics: list[dict[str, Any]], name: str, **dimensions: str) -> float:
    (found,) = (
        metric[name]
        for metric in metrics
        if name in metric and all(metric.get(key) == wanted for key, wanted in dimensions.items())
    )
    (only,) = found
    assert isinstance(only, float)
    return only


@pytest.mark.requirement("16.4")
async def test_months_services_forecast_surprises_and_units_are_recorded(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = await office.report()

    metrics = written(capsys)
    assert answer == {
        "day": "2026-03-20",
        "reported": ["accounts", "anomalies", "messages", "unit_costs"],
        "failed": [],
    }
    services = [m["cost_by_service"][0] for m in metrics if "cost_by_service" in m and m["period"] == "last_month"]
    assert sum(services) == pytest.approx(value(metrics, "cost", period="last_month"), abs=1e-9)
    assert value(metrics, "cost", period="last_month") == 362.6597329386
    assert value(metrics, "cost_forecast_low") < value(metrics, "cost_forecast") < value(metrics, "cost_forecast_high")
    assert value(metrics, "cost_anomalies") == 1
    assert value(metrics, "cost_per_call_minute", period="this_month", complete="yes") > 0
    assert not [metric for metric in metrics if "cost_per_message" in metric]
    assert value(metrics, "cost_report_failures") == 0


async def test_what_today_has_cost_so_far_is_a_part_of_the_month(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.costs = FakeCostSource(days=steady(TODAY, 1, "7.5"))

    await office.report()

    assert value(written(capsys), "cost", period="this_month") == 7.5


@pytest.mark.requirement("16.4")
async def test_a_surprise_is_told_once_with_where_to_look(office: Office) -> None:
    for _ in range(3):
        await office.report()

    (letter,) = office.notifier.sent
    assert "- Amazon Transcribe (made up): 13.85 USD on 2026-03-16" in letter
    assert "11.84 more than usual" in letter
    assert "Look at: Minutes of calls" in letter
    assert office.memory.saves == 1


@pytest.mark.requirement("16.4")
async def test_one_that_goes_on_for_days_is_told_on_the_first_of_them_only(office: Office) -> None:
    days = steady(date(2026, 1, 1), 78)
    for number in range(12, 17):
        days = with_more(days, date(2026, 3, number), "30")
    for number in range(14, 24):
        office.today = date(2026, 3, number)
        office.costs.days = [day for day in days if day.day <= office.today]
        await office.report()

    assert len(office.notifier.sent) == 1


@pytest.mark.requirement("16.4")
async def test_a_run_that_was_cut_off_and_done_again_leaves_the_same_as_one_that_was_not(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, broken = Office(), office
    await whole.report()
    expected = written(capsys)
    # Cut off before the notice; then before its note. Only then is it repeated: it is told rather than lost.
    broken.notifier.is_down = True
    await broken.report()
    broken.notifier.is_down = False
    written(capsys)

    await broken.report()

    assert written(capsys) == expected
    assert (broken.memory.kept, broken.notifier.sent) == (whole.memory.kept, whole.notifier.sent)


async def test_a_notice_that_could_not_be_noted_is_repeated_rather_than_lost(office: Office) -> None:
    office.memory.fails_to_save = True
    answer = await office.report()
    office.memory.fails_to_save = False

    await office.report()
    await office.report()

    assert answer["failed"] == [{"part": "anomalies", "code": "store_unavailable"}]
    assert len(office.notifier.sent) == 2


@pytest.mark.requirement("16.4")
async def test_without_the_accounts_our_own_rows_are_reported_and_the_answer_says_so(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.costs.is_down = True

    answer = await office.report()

    metrics = written(capsys)
    assert answer["reported"] == ["messages", "unit_costs"]
    assert answer["failed"] == [{"part": "accounts", "code": "provider_unavailable"}]
    assert value(metrics, "cost_per_call_minute", complete="no") > 0
    assert value(metrics, "cost_report_failures") == 1


@pytest.mark.requirement("16.4")
async def test_without_the_database_the_accounts_are_reported_and_the_answer_says_so(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.messages.is_down = office.usage.is_down = True

    answer = await office.report()

    assert answer["reported"] == ["accounts", "anomalies"]
    assert answer["failed"] == [
        {"part": "messages", "code": "store_unavailable"},
        {"part": "unit_costs", "code": "store_unavailable"},
    ]
    assert value(written(capsys), "cost", period="this_month") > 0


async def test_a_report_of_nothing_is_a_failure_that_is_tried_again(office: Office) -> None:
    office.costs.is_down = office.messages.is_down = office.usage.is_down = True

    with pytest.raises(ProviderUnavailable):
        await office.report()


@pytest.mark.requirement("16.4")
async def test_last_month_is_recorded_again_when_its_bill_was_corrected(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    await office.report()
    before = value(written(capsys), "cost", period="last_month")
    late: list[DailyCost] = with_more(office.costs.days, date(2026, 2, 28), "1.25", "AWS Lambda (made up)")
    office.costs.days = late

    await office.report()

    assert value(written(capsys), "cost", period="last_month") == pytest.approx(before + 1.25)


async def test_where_nobody_can_be_told_the_rest_is_reported(office: Office) -> None:
    office.has_notifier = False

    answer = await office.report()

    assert answer["failed"] == []
    assert office.memory.kept == ()
