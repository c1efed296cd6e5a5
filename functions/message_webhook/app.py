"""Webhook of the text channels: accepts messages and delivery statuses, answers before any reply is written."""

from __future__ import annotations

from shared import lambda_runtime, wiring
from shared.http_contract import HTTPRequest, HTTPResponse

receive_message = wiring.receive_message()  # Built once per execution environment.


@lambda_runtime.http_handler
async def handler(request: HTTPRequest) -> HTTPResponse:
    """Answer one request of a provider."""
    return await receive_message(request)
