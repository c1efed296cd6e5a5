"""OpenAPI descriptions of the cost reports, which are no FastAPI routes."""

from __future__ import annotations

from local.openapi_parts import Node, answer, operation, problem
from shared.http_contract import success


def cost_paths() -> Node:
    """What services cost and what could be saved."""
    month = {
        "month": "2026-02",
        "currency": "USD",
        "is_estimated": False,
        "total": "11.30",
        "services": [
            {"service": "Amazon Relational Database Service", "amount": "11.10"},
            {"service": "AWS Lambda", "amount": "0.20"},
        ],
    }
    messaging = {
        "month": "2026-02",
        "messages": [
            {"channel": "whatsapp", "category": "service", "billable": True, "count": 1204},
            {"channel": "twilio-whatsapp", "category": None, "billable": None, "count": 88},
        ],
    }
    reservation = {
        "service": "Amazon ElastiCache",
        "instance": "cache.t4g.micro ap-south-1",
        "count": 6,
        "term_years": 1,
        "monthly_saving": "12.50",
        "upfront_cost": "0",
        "currency": "USD",
        "lookback_days": 60,
    }
    idle = {
        "kind": "address",
        "resource": "arn:aws:ec2:ap-south-1:123456789012:elastic-ip/eipalloc-0a1b2c3d",
        "idle_since": "2026-03-01T03:00:00+00:00",
        "monthly_cost": "3.65",
        "assumption": "1 at an assumed 0.005 USD per hour.",
        "action": "It is attached to nothing: release it.",
    }
    refusals = {
        "401": problem("unauthenticated", "The bearer token is not valid."),
        "403": problem("forbidden", "This needs the role admin."),
        "429": problem("rate_limited", "Too many requests; try again later."),
        "503": problem("provider_unavailable", "Cost Explorer gave no usable answer."),
    }
    costs = operation(
        "read_costs",
        "Costs by month and service, the latest month first, amounts as exact decimals; and how many messages left, "
        "as the messaging providers count them (null: they do not say).",
        {
            "200": answer("application/json", success({"months": [month], "messaging": [messaging]})),
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
        "Reservations that would save money, by the last 60 days, and what lay idle for a day.",
        {"200": answer("application/json", success({"reservations": [reservation], "idle": [idle]})), **refusals},
        tag="costs",
        security="bearer",
    )
    return {"/api/v1/costs": {"get": costs}, "/api/v1/costs/recommendations": {"get": advice}}
