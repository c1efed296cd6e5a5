"""What the emulated Cost Explorer answers when it is asked for reservations: nothing yet, as for a new account.

moto does not know the question and would answer that something broke.
Source: AWS Billing and Cost Management API reference, GetReservationPurchaseRecommendation.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_TARGET = "AWSInsightsIndexService.GetReservationPurchaseRecommendation"
_ANSWER = {"__type": "DataUnavailableException", "message": "The requested data is unavailable."}


class CostAdviceApplication:
    """Answers that one question; everything else is for the application behind it."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        if environ.get("HTTP_X_AMZ_TARGET") != _TARGET:
            return self._application(environ, start_response)
        content = json.dumps(_ANSWER).encode()
        headers = [("content-type", "application/x-amz-json-1.1"), ("content-length", str(len(content)))]
        start_response("400 Bad Request", headers)
        return [content]
