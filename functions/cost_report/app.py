"""Costs by month and service: recorded as metrics on a schedule, shown to admins at /api/v1/costs."""

from __future__ import annotations

from typing import Any

from shared import lambda_runtime, observability, wiring
from shared.http_contract import HTTPRequest, HTTPResponse

report_costs = wiring.report_costs()
answer_costs = wiring.answer_costs()


@lambda_runtime.http_handler
async def _answer(request: HTTPRequest) -> HTTPResponse:
    return await answer_costs(request)


def handler(event: lambda_runtime.Event, context: lambda_runtime.LambdaContext) -> dict[str, Any]:
    """Answer a request of the load balancer, or do the daily report and say what came of each of its parts."""
    if "httpMethod" in event:
        return _answer(event, context)
    try:
        return lambda_runtime.run(report_costs())
    finally:
        observability.flush_metrics()
