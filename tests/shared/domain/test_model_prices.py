"""What an answer costs."""

from __future__ import annotations

import pytest

from shared.domain.model_prices import LIST_PRICES, TokenPrice, cost_microusd
from shared.domain.prompt import TokenUsage


def usage(model: str, *, cached: int = 0) -> TokenUsage:
    return TokenUsage(input_tokens=1_000_000, output_tokens=100_000, model=model, cached_input_tokens=cached)


@pytest.mark.parametrize(
    ("model", "microusd"),
    [("amazon.nova-lite-v1:0", 84_000), ("gpt-5-mini", 450_000), ("gpt-5-mini-2025-08-07", 450_000)],
)
def test_tokens_cost_what_the_list_says(model: str, microusd: int) -> None:
    assert cost_microusd(usage(model), LIST_PRICES) == microusd


def test_what_the_provider_knew_already_is_cheaper() -> None:
    assert cost_microusd(usage("gpt-5-mini", cached=400_000), LIST_PRICES) == 150_000 + 10_000 + 200_000


def test_without_a_price_of_its_own_cached_input_costs_as_much_as_the_rest() -> None:
    prices = {"m": TokenPrice(input=1, output=1)}

    assert cost_microusd(usage("m", cached=5), prices) == cost_microusd(usage("m"), prices)


@pytest.mark.parametrize("model", ["", "llama-of-our-own", "gpt-5-minimal", "apac.amazon.nova-lite-v1:0"])
def test_nobody_knows_what_a_model_without_a_price_costs(model: str) -> None:
    assert cost_microusd(usage(model), LIST_PRICES) is None


@pytest.mark.parametrize("model", ["local", "scripted"])
def test_our_own_engines_cost_nothing(model: str) -> None:
    assert cost_microusd(usage(model), LIST_PRICES) == 0
