"""What a minute of a call and a message cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.cost import CostByService, MonthlyCost, exact_sum
from shared.domain.cost_per_unit import (
    CallUsage,
    CostPart,
    MonthlyUsage,
    PartOfCost,
    PriceList,
    SentUsage,
    SpokenUsage,
    UnitCost,
    WrittenUsage,
    unit_costs,
)
from shared.domain.provider_prices import LOCAL_SPEECH, SPEECH_IN, SPEECH_OUT, with_overrides

MARCH = date(2026, 3, 1)
OWN = {"twilio.voice.inbound.IN": Decimal("0.01")}
PRICES = PriceList(prices=with_overrides(OWN), speech_in=SPEECH_IN, speech_out=SPEECH_OUT)
BILL = MonthlyCost(
    month=MARCH,
    currency="USD",
    is_estimated=False,
    services=(
        CostByService(service="Amazon RDS", amount=Decimal(90)),
        CostByService(service="Amazon Transcribe", amount=Decimal(50)),
        CostByService(service="Amazon Polly", amount=Decimal(5)),
        CostByService(service="Claude (Amazon Bedrock Edition)", amount=Decimal(1)),
        CostByService(service="AWS Lambda", amount=Decimal(10)),
    ),
)
USAGE = MonthlyUsage(
    month=MARCH,
    calls=(CallUsage(direction="inbound", number="+9122", calls=40, seconds=6000, started_minutes=120),),
    spoken=SpokenUsage(characters=45_000, replies=300, model_microusd=36_600),
    sent=(
        SentUsage(channel="whatsapp", category="service", is_billable=True, user="91980", messages=60),
        SentUsage(channel="whatsapp", category="service", is_billable=False, user="91980", messages=40),
    ),
    written=WrittenUsage(replies=100, model_microusd=12_200),
)


def amounts_of(unit: UnitCost) -> dict[CostPart, Decimal]:
    return {part.part: part.amount for part in unit.parts}


def part_of(unit: UnitCost, wanted: CostPart) -> PartOfCost:
    return next(part for part in unit.parts if part.part is wanted)


@pytest.mark.requirement("16.4")
def test_a_minute_costs_its_telephony_its_speech_its_model_and_its_share_of_the_platform() -> None:
    minute = unit_costs(USAGE, BILL, PRICES).call_minute

    assert amounts_of(minute) == {
        CostPart.TELEPHONY: Decimal("1.68"),  # 120 started minutes x (0.01 + 0.004)
        CostPart.SPEECH_IN: Decimal("2.4"),  # 100 minutes x 0.024
        CostPart.SPEECH_OUT: Decimal("0.72"),  # 45 000 characters x 16 / 1 000 000
        CostPart.MODEL: Decimal("0.0366"),
        CostPart.PLATFORM: Decimal(75),  # (90 + 10) x 300 of 400 replies
    }
    assert (minute.units, minute.events, minute.is_complete) == (Decimal(100), 40, True)
    assert minute.total == Decimal("79.8366")
    assert minute.per_unit == Decimal("0.798366")
    assert minute.per_event == Decimal("1.995915")


@pytest.mark.requirement("16.4")
def test_a_message_costs_what_its_provider_charges_its_model_and_its_share_of_the_platform() -> None:
    message = unit_costs(USAGE, BILL, PRICES).message

    assert amounts_of(message) == {
        CostPart.DELIVERY: Decimal("0.084"),  # 60 billable x 0.0014
        CostPart.MODEL: Decimal("0.0122"),
        CostPart.PLATFORM: Decimal(25),
    }
    assert (message.events, message.per_unit) == (100, Decimal("0.250962"))


@pytest.mark.requirement("16.4")
def test_a_month_without_calls_and_messages_has_no_price_of_one() -> None:
    costs = unit_costs(MonthlyUsage(month=MARCH), BILL, PRICES)

    for unit in (costs.call_minute, costs.message):
        assert (unit.total, unit.per_unit, unit.per_event) == (Decimal(0), None, None)
        assert unit.is_complete


@pytest.mark.requirement("16.4")
def test_what_has_no_price_is_left_out_and_named() -> None:
    inbound_from_singapore = replace(USAGE.calls[0], number="+6561")
    unknown = SentUsage(channel="whatsapp", category="marketing", is_billable=True, user="99900", messages=1)
    usage = replace(USAGE, calls=(inbound_from_singapore,), sent=(unknown,))

    costs = unit_costs(replace(usage, spoken=replace(USAGE.spoken, unpriced_replies=2)), BILL, PRICES)

    telephony, model = part_of(costs.call_minute, CostPart.TELEPHONY), part_of(costs.call_minute, CostPart.MODEL)
    assert (telephony.amount, telephony.missing) == (Decimal("0.48"), ("price twilio.voice.inbound.SG",))
    assert model.missing == ("price of the model of 2 replies",)
    assert part_of(costs.message, CostPart.DELIVERY).missing == ("price meta.marketing.other",)
    assert (costs.call_minute.is_complete, costs.message.is_complete) == (False, False)


def test_twilio_takes_its_fee_for_each_message_in_and_out_and_does_not_say_what_meta_takes() -> None:
    sent = SentUsage(channel="twilio-whatsapp", category=None, is_billable=None, user="+9198", messages=10)
    written = replace(USAGE.written, received_by_twilio=8)

    message = unit_costs(replace(USAGE, sent=(sent,), written=written), BILL, PRICES).message

    delivery = part_of(message, CostPart.DELIVERY)
    assert (delivery.amount, delivery.count) == (Decimal("0.09"), Decimal(10))
    assert delivery.missing == ("whether Meta charges 10 messages",)


def test_a_month_that_the_accounts_do_not_tell_of_is_incomplete_by_its_platform_alone() -> None:
    rupees = replace(BILL, currency="INR")

    for bill, missing in ((None, "accounts of the month"), (rupees, "accounts in USD: they are in INR")):
        costs = unit_costs(USAGE, bill, PRICES)

        assert [part.part for part in costs.call_minute.parts if part.missing] == [CostPart.PLATFORM]
        assert part_of(costs.message, CostPart.PLATFORM).missing == (missing,)


def test_calls_without_an_end_make_minutes_incomplete() -> None:
    usage = replace(USAGE, spoken=replace(USAGE.spoken, unfinished_calls=3))

    minute = unit_costs(usage, BILL, PRICES).call_minute

    assert part_of(minute, CostPart.TELEPHONY).missing == ("3 calls without an end",)


def test_speech_on_our_own_machines_costs_nothing_apart() -> None:
    local = replace(PRICES, speech_in=LOCAL_SPEECH, speech_out=LOCAL_SPEECH)

    minute = unit_costs(USAGE, BILL, local).call_minute

    assert part_of(minute, CostPart.SPEECH_IN) == PartOfCost(
        part=CostPart.SPEECH_IN, amount=Decimal(0), count=Decimal(100)
    )
    assert minute.is_complete


@pytest.mark.requirement("16.4")
@given(spoken=st.integers(0, 10**6), written=st.integers(0, 10**6), bill=st.decimals("-999", "99999", places=10))
def test_the_platform_is_shared_out_to_the_last_digit(spoken: int, written: int, bill: Decimal) -> None:
    usage = replace(USAGE, spoken=SpokenUsage(replies=spoken), written=WrittenUsage(replies=written))
    accounts = replace(BILL, services=(CostByService(service="Amazon RDS", amount=bill),))

    costs = unit_costs(usage, accounts, PRICES)

    shares = [part_of(unit, CostPart.PLATFORM).amount for unit in (costs.call_minute, costs.message)]
    assert exact_sum(shares) == (bill if spoken + written else 0)
    assert costs.call_minute.total == exact_sum(part.amount for part in costs.call_minute.parts)


def test_what_is_paid_by_use_leaves_the_share_of_the_platform_out() -> None:
    minute = unit_costs(USAGE, BILL, PRICES).call_minute

    by_use = minute.total - part_of(minute, CostPart.PLATFORM).amount
    assert part_of(minute, CostPart.PLATFORM).amount > 0
    assert minute.per_unit_by_use == by_use / minute.units
