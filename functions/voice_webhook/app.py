"""Webhooks of telephone calls: an incoming call gets its instruction to stream, later reports are noted."""

from __future__ import annotations

from shared import lambda_runtime, wiring
from shared.http_contract import HTTPRequest, HTTPResponse

INCOMING_PATH = "/webhooks/voice/incoming"

answer_call = wiring.answer_call()  # Both built once per execution environment.
follow_call = wiring.follow_call()


@lambda_runtime.http_handler
async def handler(request: HTTPRequest) -> HTTPResponse:
    """Answer one request of Twilio."""
    use_case = answer_call if request.path == INCOMING_PATH else follow_call
    return await use_case(request)
