from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from shared.domain.idle import ObservedResource, ResourceKind, recommend
from shared.domain.reservation import ReservationAdvice
from shared.use_cases.recommend_savings import RecommendSavings
from tests.fakes.idle import FakeRecommendationStore
from tests.fakes.reservations import FakeReservations


async def test_advice_names_what_to_reserve_and_what_it_saves() -> None:
    advised = ReservationAdvice(
        service="Amazon ElastiCache",
        instance="cache.t4g.micro ap-south-1",
        count=6,
        term_years=1,
        monthly_saving=Decimal("12.5"),
        upfront_cost=Decimal(0),
        currency="USD",
        lookback_days=60,
    )

    shown = await RecommendSavings(FakeReservations((advised,)), FakeRecommendationStore())()

    assert shown["reservations"] == [
        {
            "service": "Amazon ElastiCache",
            "instance": "cache.t4g.micro ap-south-1",
            "count": 6,
            "term_years": 1,
            "monthly_saving": "12.5",
            "upfront_cost": "0",
            "currency": "USD",
            "lookback_days": 60,
        }
    ]


async def test_idle_resources_that_were_recommended_are_shown_with_price_and_action() -> None:
    address = ObservedResource(kind=ResourceKind.ADDRESS, arn="arn:address", is_idle=True, unit="address")
    told = recommend(address, idle_since=datetime(2026, 3, 1, tzinfo=UTC))
    kept = (replace(told, is_sent=True), replace(told, arn="arn:not-yet-a-day"))

    shown = await RecommendSavings(FakeReservations(), FakeRecommendationStore(kept))()

    assert shown["idle"] == [
        {
            "kind": "address",
            "resource": "arn:address",
            "idle_since": "2026-03-01T00:00:00+00:00",
            "monthly_cost": "3.65",
            "assumption": "1 at an assumed 0.005 USD per hour.",
            "action": "It is attached to nothing: release it.",
        }
    ]
