"""OpenAPI descriptions of the cost reports, which are no FastAPI routes."""

from __future__ import annotations

from local.cost_savings_example import SAVINGS
from local.openapi_parts import Node, answer, operation, problem
from shared.http_contract import success

_ACCOUNTS: Node = {
    "months": [
        {
            "month": "2026-02",
            "currency": "USD",
            "is_estimated": False,
            "total": "11.3000000001",
            "rounded_total": "11.30",
            "services": [
                {"service": "Amazon Relational Database Service", "amount": "11.1", "rounded": "11.10"},
                {"service": "AWS Lambda", "amount": "0.2000000001", "rounded": "0.20"},
            ],
            "days": [{"day": "2026-02-01", "amount": "5.6000000001"}, {"day": "2026-02-02", "amount": "5.7"}],
        }
    ],
    "forecast": {
        "month": "2026-03",
        "currency": "USD",
        "so_far": "96.60",
        "expected": "310.00",
        "low": "300.70",
        "high": "319.30",
        "days_ahead": 22,
        "history_days": 37,
    },
    "anomalies": [
        {
            "service": "Amazon Transcribe",
            "first_day": "2026-03-08",
            "last_day": "2026-03-08",
            "currency": "USD",
            "amount": "13.85",
            "usual_per_day": "2.01",
            "excess": "11.84",
            "where_to_look": "Minutes of calls: are calls longer or more, and do calls end?",
        }
    ],
    "problems": [{"part": "messages", "code": "store_unavailable"}],
}


def _part(part: str, amount: str, per_unit: str, n: str, *missing: str) -> Node:
    return {
        "part": part,
        "amount": amount,
        "per_unit": per_unit,
        "n": n,
        "is_complete": not missing,
        "missing": list(missing),
    }


_UNITS: Node = {
    "unit_costs": [
        {
            "month": "2026-02",
            "currency": "USD",
            "call_minute": {
                "minutes": "100.00",
                "calls": 40,
                "total": "11.636600",
                "per_unit": "0.116366",
                "per_unit_by_use": "0.036366",
                "is_complete": False,
                "per_call": "0.290915",
                "parts": [
                    _part("telephony", "0.480000", "0.004800", "120.00", "price twilio.voice.inbound.IN"),
                    _part("speech_in", "2.400000", "0.024000", "100.00"),
                    _part("speech_out", "0.720000", "0.007200", "45000.00"),
                    _part("model", "0.036600", "0.000366", "300.00"),
                    _part("platform", "8.000000", "0.080000", "300.00"),
                ],
            },
            "message": {
                "messages": 100,
                "total": "2.096200",
                "per_unit": "0.020962",
                "per_unit_by_use": "0.000962",
                "is_complete": True,
                "parts": [
                    _part("delivery", "0.084000", "0.000840", "100.00"),
                    _part("model", "0.012200", "0.000122", "100.00"),
                    _part("platform", "2.000000", "0.020000", "100.00"),
                ],
            },
        }
    ],
    "prices": [
        {
            "name": "transcribe.streaming",
            "usd": "0.0240",
            "source": 'Amazon, "Transcribe Pricing", first tier, as others quote it for US East',
            "read_on": "2026-11-23",
            "is_assumed": True,
        }
    ],
}


def cost_paths() -> Node:
    """What services cost and what could be saved."""
    messaging = {
        "month": "2026-02",
        "messages": [
            {"channel": "whatsapp", "category": "service", "billable": True, "count": 1204},
            {"channel": "twilio-whatsapp", "category": None, "billable": None, "count": 88},
        ],
    }
    refusals = {
        "401": problem("unauthenticated", "The bearer token is not valid."),
        "403": problem("forbidden", "This needs the role admin."),
        "429": problem("rate_limited", "Too many requests; try again later."),
        "503": problem("provider_unavailable", "Cost Explorer gave no usable answer."),
    }
    costs = operation(
        "read_costs",
        "Costs by month, service and day, the latest month first. `amount` is exact, `rounded` in whole cents that add "
        "up. `forecast` is the month's end, told from the days (null: too few); `anomalies` are services that cost far "
        "more than in the four weeks before. `messaging` counts what left, as providers do (null: they do not say). "
        "`unit_costs` are what a minute of a call and a message cost, by our own rows and `prices`, in parts that add "
        "up (null: there was none; `missing`: what is not in). A part that cannot be had is named in `problems`.",
        {
            "200": answer("application/json", success({**_ACCOUNTS, **_UNITS, "messaging": [messaging]})),
            "400": problem("invalid_request", "months: Input should be a number."),
            "422": problem("invalid_content", "months: Input should be 1 to 12."),
            **refusals,
        },
        tag="costs",
        security="bearer",
    )
    costs["parameters"] = [
        {
            "name": "months",
            "in": "query",
            "required": False,
            "schema": {"type": "integer", "minimum": 1, "maximum": 12, "default": 3},
            "description": "How many months, this one included.",
        }
    ]
    advice = operation(
        "read_cost_recommendations",
        "What could be saved. `coverage`: hours of 30 days that were reserved. `reservations`: what ran so steadily "
        "for 60 days that reserving it is cheaper; `command` buys it, typed by a person who may, and it pays if the "
        "instances run for `break_even_months`. `ending`: reservations that end within 60 days. `idle`: what lay "
        "idle for a day and was told, with `commands` to act.",
        {"200": answer("application/json", success(SAVINGS)), **refusals},
        tag="costs",
        security="bearer",
    )
    return {"/api/v1/costs": {"get": costs}, "/api/v1/costs/recommendations": {"get": advice}}
