from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from shared import errors
from shared.domain.access import Caller, Role
from shared.domain.cost import CostByService, DailyCost, MessagesSent
from shared.domain.cost_per_unit import CallUsage, MonthlyUsage, PriceList, SpokenUsage
from shared.domain.provider_prices import LIST_PRICES, SPEECH_IN, SPEECH_OUT
from shared.use_cases.answer_costs import AnswerCosts
from shared.use_cases.limit_requests import LimitRequests
from shared.use_cases.recommend_savings import RecommendSavings
from shared.use_cases.report_costs import ReportCosts
from tests.cost_samples import days_of, raw_days
from tests.fakes.cost_source import FakeAnomalyMemory, FakeCostSource, FakeMessageTally, FakeUsageTally
from tests.fakes.counters import FakeRateCounter
from tests.fakes.idle import FakeNotifier, FakeRecommendationStore
from tests.fakes.reservations import FakeReservations
from tests.functions.loading import call, load_function, replay

EVENTS = Path(__file__).parents[3] / "events" / "cost_report"
ADMIN = {"authorization": "Bearer admin"}
LIMIT = 10


class NamedTokens:
    """Lets in whoever names a role as the token."""

    async def verify(self, token: str) -> Caller:
        """See `TokenVerifier.verify`."""
        if token not in {"admin", "operator"}:
            raise errors.Unauthenticated("The bearer token is not valid.")
        return Caller(subject="user", roles=frozenset({Role(token)}))


def day(number: int, *services: tuple[str, str]) -> DailyCost:
    entries = tuple(CostByService(service=name, amount=Decimal(amount)) for name, amount in services)
    return DailyCost(day=date(2026, number, 2), currency="USD", is_estimated=number == 3, services=entries)


@pytest.fixture
def costs() -> FakeCostSource:
    return FakeCostSource(
        days=[
            day(1, ("Amazon RDS", "10.10"), ("AWS Lambda", "0.20")),
            day(2, ("Amazon RDS", "11.1"), ("AWS Lambda", "0.2000000001")),
            day(3, ("Amazon RDS", "3")),
        ]
    )


@pytest.fixture
def messages() -> FakeMessageTally:
    def sent(number: int, category: str | None, amount: int, *, billable: bool | None) -> MessagesSent:
        month = date(2026, number, 1)
        channel = "twilio-whatsapp" if category is None else "whatsapp"
        return MessagesSent(month=month, channel=channel, category=category, is_billable=billable, messages=amount)

    return FakeMessageTally(
        counts=[
            sent(2, "service", 1200, billable=True),
            sent(2, "service", 1000, billable=False),
            sent(3, None, 7, billable=None),
        ]
    )


@pytest.fixture
def usage() -> FakeUsageTally:
    called = CallUsage(direction="inbound", number="+9122", calls=4, seconds=90, started_minutes=4)
    spoken = SpokenUsage(characters=1000, replies=10, model_microusd=1220)
    return FakeUsageTally(months=[MonthlyUsage(month=date(2026, 2, 1), calls=(called,), spoken=spoken)])


@pytest.fixture
def module(costs: FakeCostSource, messages: FakeMessageTally, usage: FakeUsageTally) -> ModuleType:
    def now() -> datetime:
        return datetime(2026, 3, 10, tzinfo=UTC)

    savings = RecommendSavings(FakeReservations(), FakeRecommendationStore(), now)
    prices = PriceList(prices=LIST_PRICES, speech_in=SPEECH_IN, speech_out=SPEECH_OUT)
    limit = LimitRequests(FakeRateCounter(now), requests_per_minute=LIMIT)
    return load_function(
        "cost_report",
        report_costs=ReportCosts(costs, messages, usage, FakeAnomalyMemory(), FakeNotifier(), now, prices),
        answer_costs=AnswerCosts(NamedTokens(), limit, costs, messages, usage, savings, now, prices),
    )


def test_an_admin_reads_the_last_months_latest_first_and_exact(module: ModuleType) -> None:
    answer = call(module, "GET", "/api/v1/costs", query={"months": "2"}, headers=ADMIN)

    assert answer.status == 200
    assert answer.json["data"]["months"] == [
        {
            "month": "2026-03",
            "currency": "USD",
            "is_estimated": True,
            "total": "3",
            "rounded_total": "3.00",
            "services": [{"service": "Amazon RDS", "amount": "3", "rounded": "3.00"}],
            "days": [{"day": "2026-03-02", "amount": "3"}],
        },
        {
            "month": "2026-02",
            "currency": "USD",
            "is_estimated": False,
            "total": "11.3000000001",
            "rounded_total": "11.30",
            "services": [
                {"service": "Amazon RDS", "amount": "11.1", "rounded": "11.10"},
                {"service": "AWS Lambda", "amount": "0.2000000001", "rounded": "0.20"},
            ],
            "days": [{"day": "2026-02-02", "amount": "11.3000000001"}],
        },
    ]


def test_an_admin_reads_how_many_messages_left_in_each_month_whatever_the_accounts_say(
    module: ModuleType, costs: FakeCostSource
) -> None:
    costs.days = []

    answer = call(module, "GET", "/api/v1/costs", query={"months": "3"}, headers=ADMIN)

    assert (answer.json["data"]["months"], answer.json["data"]["forecast"]) == ([], None)
    assert answer.json["data"]["messaging"] == [
        {
            "month": "2026-03",
            "messages": [{"channel": "twilio-whatsapp", "category": None, "billable": None, "count": 7}],
        },
        {
            "month": "2026-02",
            "messages": [
                {"channel": "whatsapp", "category": "service", "billable": True, "count": 1200},
                {"channel": "whatsapp", "category": "service", "billable": False, "count": 1000},
            ],
        },
        {"month": "2026-01", "messages": []},
    ]


@pytest.mark.parametrize(("months", "status"), [("0", 422), ("13", 422), ("9" * 5000, 422), ("x", 400), ("", 400)])
def test_a_wrong_number_of_months_is_refused(module: ModuleType, months: str, status: int) -> None:
    assert call(module, "GET", "/api/v1/costs", query={"months": months}, headers=ADMIN).status == status


@pytest.mark.parametrize(("token", "status"), [("operator", 403), ("forged", 401), ("", 401)])
@pytest.mark.parametrize("path", ["/api/v1/costs", "/api/v1/costs/recommendations", "/api/v1/costs/other"])
def test_only_an_admin_reads_costs(module: ModuleType, path: str, token: str, status: int) -> None:
    answer = call(module, "GET", path, headers={"authorization": f"Bearer {token}"} if token else {})

    assert answer.status == status
    assert answer.json["status"] == "error"


def test_what_could_be_saved_is_shown_beside_the_costs(module: ModuleType) -> None:
    answer = call(module, "GET", "/api/v1/costs/recommendations", headers=ADMIN)

    assert answer.json["data"] == {"coverage": [], "reservations": [], "ending": [], "idle": []}


@pytest.mark.requirement("16.4")
def test_the_months_end_and_what_is_unusual_are_told_beside_the_months(
    module: ModuleType, costs: FakeCostSource
) -> None:
    costs.days = days_of(raw_days(date(2026, 3, 10)))

    data = call(module, "GET", "/api/v1/costs", query={"months": "1"}, headers=ADMIN).json["data"]

    assert [month["month"] for month in data["months"]] == ["2026-03"]
    forecast = data["forecast"]
    assert (forecast["month"], forecast["days_ahead"]) == ("2026-03", 23)
    low, expected, high = (Decimal(forecast[name]) for name in ("low", "expected", "high"))
    assert Decimal(forecast["so_far"]) < low < expected < high
    (anomaly,) = data["anomalies"]
    assert (anomaly["service"], anomaly["first_day"]) == ("Amazon Transcribe (made up)", "2026-03-06")
    assert Decimal(anomaly["excess"]) > 10
    assert anomaly["where_to_look"].startswith("Minutes of calls")


@pytest.mark.requirement("16.4")
def test_a_shown_month_adds_up_by_service_by_day_and_in_cents(module: ModuleType, costs: FakeCostSource) -> None:
    costs.days = days_of(raw_days(date(2026, 3, 10)))

    data = call(module, "GET", "/api/v1/costs", headers=ADMIN).json["data"]

    assert [month["total"] for month in data["months"]] == ["166.9130785208", "362.6597329386", "414.3638998959"]
    for month in data["months"]:
        assert sum(Decimal(service["amount"]) for service in month["services"]) == Decimal(month["total"])
        assert sum(Decimal(day["amount"]) for day in month["days"]) == Decimal(month["total"])
        assert sum(Decimal(service["rounded"]) for service in month["services"]) == Decimal(month["rounded_total"])
        assert not [service for service in month["services"] if "E" in service["amount"]]


@pytest.mark.requirement("16.4")
def test_what_a_minute_and_a_message_cost_is_told_in_parts_that_add_up(module: ModuleType) -> None:
    data = call(module, "GET", "/api/v1/costs", headers=ADMIN).json["data"]

    march, february, january = data["unit_costs"]
    minute = february["call_minute"]
    assert {
        key: minute[key]
        for key in ("minutes", "calls", "total", "per_unit", "per_unit_by_use", "per_call", "is_complete")
    } == {
        "minutes": "1.50",
        "calls": 4,
        "total": "11.369220",
        "per_unit": "7.579480",
        "per_unit_by_use": "0.046147",
        "per_call": "2.842305",
        "is_complete": False,
    }
    assert sum(Decimal(part["per_unit"]) for part in minute["parts"]) == Decimal(minute["per_unit"])
    assert sum(Decimal(part["amount"]) for part in minute["parts"]) == Decimal(minute["total"])
    telephony = minute["parts"][0]
    assert (telephony["part"], telephony["n"], telephony["missing"]) == (
        "telephony",
        "4.00",
        ["price twilio.voice.inbound.IN"],
    )
    assert [(month["month"], month["call_minute"]["per_unit"]) for month in (march, january)] == [
        ("2026-03", None),
        ("2026-01", None),
    ]
    assert february["message"]["per_unit"] is None
    assert {price["name"] for price in data["prices"]} == set(LIST_PRICES)


@pytest.mark.requirement("16.4")
def test_one_part_that_cannot_be_had_is_named_and_the_others_are_shown(
    module: ModuleType, costs: FakeCostSource, usage: FakeUsageTally
) -> None:
    costs.is_down = True
    answer = call(module, "GET", "/api/v1/costs", headers=ADMIN)
    costs.is_down, usage.is_down = False, True
    without_rows = call(module, "GET", "/api/v1/costs", headers=ADMIN)

    assert (answer.status, answer.json["data"]["months"]) == (200, [])
    assert answer.json["data"]["problems"] == [{"part": "accounts", "code": "provider_unavailable"}]
    assert len(answer.json["data"]["unit_costs"]) == 3
    assert (without_rows.status, without_rows.json["data"]["unit_costs"]) == (200, [])
    assert len(without_rows.json["data"]["months"]) == 3


def test_an_outage_of_everything_is_not_ours_to_hide(
    module: ModuleType, costs: FakeCostSource, messages: FakeMessageTally, usage: FakeUsageTally
) -> None:
    costs.is_down = messages.is_down = usage.is_down = True

    answer = call(module, "GET", "/api/v1/costs", headers=ADMIN)

    assert answer.status == 503
    assert "retry-after" in answer.headers


@pytest.mark.requirement("16.4")
def test_the_schedule_answers_what_it_reported(module: ModuleType, costs: FakeCostSource) -> None:
    costs.is_down = True
    event = json.loads((EVENTS / "schedule.json").read_text())

    answer = module.handler(event, SimpleNamespace(aws_request_id="r"))

    assert answer == {
        "day": "2026-03-10",
        "reported": ["messages", "unit_costs"],
        "failed": [{"part": "accounts", "code": "provider_unavailable"}],
    }


@pytest.mark.requirement("16.4")
def test_the_schedule_records_each_service_as_a_metric(module: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    event = json.loads((EVENTS / "schedule.json").read_text())

    module.handler(event, SimpleNamespace(aws_request_id="r"))

    written = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    found = {(m["service"], m["period"]): m["cost_by_service"] for m in written if "cost_by_service" in m}
    assert found == {
        ("Amazon RDS", "last_month"): [11.1],
        ("AWS Lambda", "last_month"): [0.2000000001],
        ("Amazon RDS", "this_month"): [3.0],
    }


def test_the_schedule_records_how_many_messages_the_providers_charge(
    module: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    event = json.loads((EVENTS / "schedule.json").read_text())

    module.handler(event, SimpleNamespace(aws_request_id="r"))

    written = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    found = {
        (m["channel"], m["category"], m["billable"], m["period"]): m["messages_by_category"]
        for m in written
        if "messages_by_category" in m
    }
    assert found == {
        ("whatsapp", "service", "yes", "last_month"): [1200.0],
        ("whatsapp", "service", "no", "last_month"): [1000.0],
        ("twilio-whatsapp", "unknown", "unknown", "this_month"): [7.0],
    }


@pytest.mark.parametrize("case", ["costs", "costs_single_value", "health", "recommendations"])
def test_the_sample_events_are_answered(module: ModuleType, case: str) -> None:
    assert replay(module, f"cost_report/{case}", token="admin").status == 200


@pytest.mark.requirement("12.2")
def test_whoever_asked_as_often_as_allowed_is_told_when_to_come_back_whatever_the_role(module: ModuleType) -> None:
    operator = {"authorization": "Bearer operator"}
    for _ in range(LIMIT):
        assert call(module, "GET", "/api/v1/costs", headers=operator).status == 403

    answer = call(module, "GET", "/api/v1/costs", headers=ADMIN)

    assert (answer.status, answer.json["error"]["code"]) == (429, "rate_limited")
    assert answer.headers["retry-after"] == "60"
