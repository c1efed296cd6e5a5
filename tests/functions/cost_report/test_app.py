from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from shared import errors
from shared.domain.access import Caller, Role
from shared.domain.cost import CostByService, MessagesSent, MonthlyCost
from shared.use_cases.limit_requests import LimitRequests
from shared.use_cases.recommend_savings import RecommendSavings
from shared.use_cases.report_costs import AnswerCosts, ReportCosts
from tests.fakes.cost_source import FakeCostSource, FakeMessageTally
from tests.fakes.counters import FakeRateCounter
from tests.fakes.idle import FakeRecommendationStore
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


def month(number: int, *services: tuple[str, str]) -> MonthlyCost:
    entries = tuple(CostByService(service=name, amount=Decimal(amount)) for name, amount in services)
    return MonthlyCost(month=date(2026, number, 1), currency="USD", is_estimated=number == 3, services=entries)


@pytest.fixture
def costs() -> FakeCostSource:
    return FakeCostSource(
        months=[
            month(1, ("Amazon RDS", "10.10"), ("AWS Lambda", "0.20")),
            month(2, ("Amazon RDS", "11.1"), ("AWS Lambda", "0.2000000001")),
            month(3, ("Amazon RDS", "3")),
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
def module(costs: FakeCostSource, messages: FakeMessageTally) -> ModuleType:
    def now() -> datetime:
        return datetime(2026, 3, 10, tzinfo=UTC)

    savings = RecommendSavings(FakeReservations(), FakeRecommendationStore())
    return load_function(
        "cost_report",
        report_costs=ReportCosts(costs, messages, now),
        answer_costs=AnswerCosts(
            NamedTokens(), LimitRequests(FakeRateCounter(now), requests_per_minute=LIMIT), costs, messages, savings, now
        ),
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
            "services": [{"service": "Amazon RDS", "amount": "3"}],
        },
        {
            "month": "2026-02",
            "currency": "USD",
            "is_estimated": False,
            "total": "11.3000000001",
            "services": [
                {"service": "Amazon RDS", "amount": "11.1"},
                {"service": "AWS Lambda", "amount": "0.2000000001"},
            ],
        },
    ]


def test_an_admin_reads_how_many_messages_left_in_each_month_whatever_the_accounts_say(
    module: ModuleType, costs: FakeCostSource
) -> None:
    costs.months = []

    answer = call(module, "GET", "/api/v1/costs", query={"months": "3"}, headers=ADMIN)

    assert answer.json["data"] == {
        "months": [],
        "messaging": [
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
        ],
    }


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

    assert answer.json["data"] == {"reservations": [], "idle": []}


def test_an_outage_of_the_accounts_is_not_ours_to_hide(module: ModuleType, costs: FakeCostSource) -> None:
    costs.is_down = True

    answer = call(module, "GET", "/api/v1/costs", headers=ADMIN)

    assert answer.status == 503
    assert "retry-after" in answer.headers


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
