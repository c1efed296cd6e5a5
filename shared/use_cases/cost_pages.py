"""Costs as the API shows them. Amounts travel as text: they are exact, and JSON numbers are not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from shared.domain.cost import CENTS, MessagesSent, MonthlyCost, rounded_to_add_up
from shared.domain.cost_anomaly import CostAnomaly
from shared.domain.cost_forecast import Forecast
from shared.domain.cost_per_unit import PRICE_CURRENCY, MonthlyUnitCosts, UnitCost
from shared.domain.json_value import JSON
from shared.domain.provider_prices import ProviderPrice

# A message costs fractions of a cent.
_UNIT_PLACES = 6
_CENT = Decimal(1).scaleb(-CENTS)


def month_of(month: MonthlyCost) -> JSON:
    """A month's bill; `rounded` amounts are in whole cents and add up to the rounded total."""
    rounded = rounded_to_add_up([entry.amount for entry in month.services])
    return {
        "month": f"{month.month:%Y-%m}",
        "currency": month.currency,
        "is_estimated": month.is_estimated,
        "total": _text(month.total),
        "rounded_total": str(month.total.quantize(_CENT)),
        "services": [
            {"service": entry.service, "amount": _text(entry.amount), "rounded": str(cents)}
            for entry, cents in zip(month.services, rounded, strict=True)
        ],
        "days": [{"day": day.isoformat(), "amount": _text(amount)} for day, amount in month.days],
    }


def forecast_of(forecast: Forecast) -> JSON:
    """The month's end, in whole cents: it is no more exact than that."""
    return {
        "month": f"{forecast.month:%Y-%m}",
        "currency": forecast.currency,
        "so_far": str(forecast.so_far.quantize(_CENT)),
        "expected": str(forecast.expected.quantize(_CENT)),
        "low": str(forecast.low.quantize(_CENT)),
        "high": str(forecast.high.quantize(_CENT)),
        "days_ahead": forecast.days_ahead,
        "history_days": forecast.history_days,
    }


def anomaly_of(anomaly: CostAnomaly) -> JSON:
    """What stands out, and where to look."""
    return {
        "service": anomaly.service,
        "first_day": anomaly.first_day.isoformat(),
        "last_day": anomaly.last_day.isoformat(),
        "currency": anomaly.currency,
        "amount": str(anomaly.amount.quantize(_CENT)),
        "usual_per_day": str(anomaly.usual_per_day.quantize(_CENT)),
        "excess": str(anomaly.excess.quantize(_CENT)),
        "where_to_look": anomaly.where_to_look,
    }


def messages_of(month: date, messages: Sequence[MessagesSent]) -> JSON:
    """How many messages left in the month, as their providers count them."""
    return {
        "month": f"{month:%Y-%m}",
        "messages": [
            {"channel": sent.channel, "category": sent.category, "billable": sent.is_billable, "count": sent.messages}
            for sent in messages
            if sent.month == month
        ],
    }


def units_of(costs: MonthlyUnitCosts) -> JSON:
    """What a minute of a call and a message cost in the month."""
    minute, message = costs.call_minute, costs.message
    return {
        "month": f"{costs.month:%Y-%m}",
        "currency": PRICE_CURRENCY,
        "call_minute": {
            "minutes": _text(round(minute.units, 2)),
            "calls": minute.events,
            **_shown(minute),
            "per_call": None if minute.per_event is None else str(round(minute.per_event, _UNIT_PLACES)),
        },
        "message": {"messages": message.events, **_shown(message)},
    }


def price_of(name: str, price: ProviderPrice) -> JSON:
    """A price that parts are reckoned with, and how far it can be trusted."""
    return {
        "name": name,
        "usd": _text(price.usd),
        "source": price.source,
        "read_on": None if price.read_on is None else price.read_on.isoformat(),
        "is_assumed": price.is_assumed,
    }


def _shown(unit: UnitCost) -> dict[str, JSON]:
    amounts = rounded_to_add_up([part.amount for part in unit.parts], _UNIT_PLACES)
    shares = _per_unit(unit)
    return {
        "total": str(round(unit.total, _UNIT_PLACES)),
        "per_unit": None if unit.per_unit is None else str(round(unit.per_unit, _UNIT_PLACES)),
        "per_unit_by_use": None if unit.per_unit_by_use is None else str(round(unit.per_unit_by_use, _UNIT_PLACES)),
        "is_complete": unit.is_complete,
        "parts": [
            {
                "part": part.part.value,
                "amount": str(amount),
                "per_unit": share,
                "n": _text(round(part.count, 2)),
                "is_complete": not part.missing,
                "missing": list(part.missing),
            }
            for part, amount, share in zip(unit.parts, amounts, shares, strict=True)
        ],
    }


def _per_unit(unit: UnitCost) -> Sequence[str | None]:
    if not unit.units:
        return [None] * len(unit.parts)
    shares = rounded_to_add_up([part.amount / unit.units for part in unit.parts], _UNIT_PLACES)
    return [str(share) for share in shares]


def _text(amount: Decimal) -> str:
    """Without an exponent, which is no decimal number for most who read it."""
    return f"{amount:f}"
