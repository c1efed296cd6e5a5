"""Prices of what is charged by the unit, each with where it comes from."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shared.domain.provider_prices import LIST_PRICES, is_price_name, with_overrides


@pytest.mark.requirement("16.4")
@pytest.mark.parametrize("name", sorted(LIST_PRICES))
def test_every_price_has_a_name_a_source_and_a_day_on_which_it_was_read(name: str) -> None:
    price = LIST_PRICES[name]

    assert is_price_name(name)
    assert price.usd >= 0
    assert price.source
    assert price.read_on is not None or name == "local.speech"


def test_what_is_not_published_has_no_price() -> None:
    assert "twilio.voice.inbound.IN" not in LIST_PRICES
    assert "twilio.voice.inbound.SG" not in LIST_PRICES


@pytest.mark.parametrize("name", ["twilio.voice.inbound.India", "meta.greeting.IN", "polly", "", "meta.utility.IN "])
def test_a_misspelt_name_is_none(name: str) -> None:
    assert not is_price_name(name)


@pytest.mark.requirement("16.4")
def test_an_operators_price_stands_before_the_list_and_is_no_assumption() -> None:
    prices = with_overrides({"twilio.voice.inbound.IN": Decimal("0.011"), "polly.neural": Decimal(12)})

    assert prices["twilio.voice.inbound.IN"].usd == Decimal("0.011")
    assert (prices["polly.neural"].usd, prices["polly.neural"].is_assumed) == (Decimal(12), False)
    assert prices["twilio.whatsapp"] == LIST_PRICES["twilio.whatsapp"]
