"""Webhooks of telephone calls: an incoming call gets its instruction to stream, later reports are noted."""

from __future__ import annotations

from shared import lambda_runtime, wiring
from shared.errors import MethodNotAllowed
from shared.http_contract import HTTPRequest, HTTPResponse

INCOMING_PATH = "/webhooks/voice/incoming"

answer_call = wiring.answer_call()  # Built once per execution environment.


@lambda_runtime.http_handler
async def handler(request: HTTPRequest) -> HTTPResponse:
    """Answer one request of Twilio, which posts whatever it has to say."""
    if request.method != "POST":
        raise MethodNotAllowed("This method is not allowed here.", allowed="POST")
    if request.path == INCOMING_PATH:
        return await answer_call(request)
    # Built when first wanted: it loads database and storage, for which a caller would wait.
    return await wiring.follow_call()(request)
