"""What language models cost by the token."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shared.domain.prompt import TokenUsage

# A dated model of OpenAI costs what the name without its date costs.
_DATED = re.compile(r"-20\d\d-\d\d-\d\d$")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPrice:
    """US dollars for a million tokens, and so millionths of a dollar for one.

    Attributes:
        cached_input: for input that the provider knew already; None where that is no cheaper.
    """

    input: float
    output: float
    cached_input: float | None = None


LIST_PRICES: Mapping[str, TokenPrice] = MappingProxyType(
    {
        # As remembered and as others quote "Amazon Bedrock Pricing" (on demand, US East, 2026), not read there: check
        # before you rely on it, and set MODEL_PRICES. Other regions and profiles across regions may cost more.
        "amazon.nova-micro-v1:0": TokenPrice(input=0.035, output=0.14, cached_input=0.00875),
        "amazon.nova-lite-v1:0": TokenPrice(input=0.06, output=0.24, cached_input=0.015),
        "amazon.nova-pro-v1:0": TokenPrice(input=0.80, output=3.20, cached_input=0.20),
        "amazon.nova-2-lite-v1:0": TokenPrice(input=0.30, output=2.50, cached_input=0.075),
        "anthropic.claude-3-haiku-20240307-v1:0": TokenPrice(input=0.25, output=1.25),
        "anthropic.claude-sonnet-4-20250514-v1:0": TokenPrice(input=3.00, output=15.00, cached_input=0.30),
        # Likewise of "Pricing" of the OpenAI API, standard tier, 2026.
        "gpt-5": TokenPrice(input=1.25, output=10.00, cached_input=0.125),
        "gpt-5-mini": TokenPrice(input=0.25, output=2.00, cached_input=0.025),
        "gpt-5-nano": TokenPrice(input=0.05, output=0.40, cached_input=0.005),
        "gpt-5.4": TokenPrice(input=2.50, output=15.00, cached_input=0.25),
        "gpt-5.4-mini": TokenPrice(input=0.75, output=4.50, cached_input=0.075),
        "gpt-5.4-nano": TokenPrice(input=0.20, output=1.25, cached_input=0.02),
        "gpt-4.1": TokenPrice(input=2.00, output=8.00, cached_input=0.50),
        "gpt-4.1-mini": TokenPrice(input=0.40, output=1.60, cached_input=0.10),
        # They run on our own machines.
        "local": TokenPrice(input=0, output=0),
        "scripted": TokenPrice(input=0, output=0),
    }
)


def cost_microusd(usage: TokenUsage, prices: Mapping[str, TokenPrice]) -> int | None:
    """Millionths of a US dollar; None for a model without a price, because nobody knows what it costs."""
    price = prices.get(usage.model) or prices.get(_DATED.sub("", usage.model))
    if price is None:
        return None
    cached_price = price.input if price.cached_input is None else price.cached_input
    fresh = max(usage.input_tokens - usage.cached_input_tokens, 0)
    return round(fresh * price.input + usage.cached_input_tokens * cached_price + usage.output_tokens * price.output)
