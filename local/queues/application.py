"""The queue service as a WSGI application in front of another one."""

from __future__ import annotations

import json
import logging
import threading
import uuid
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from local.queues.service import QueueService, RefusedError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

OPEN_SECONDS = 30.0
_TARGET = "AmazonSQS."
_CONTENT_TYPE = "application/x-amz-json-1.0"

logger = logging.getLogger(__name__)


class QueueApplication:
    """Answers the operations that carry messages; everything else is for the application behind it."""

    def __init__(self, application: WSGIApplication, open_service: Callable[[], QueueService]) -> None:
        self._application = application
        self._open_service = open_service
        self._service: QueueService | None = None
        self._is_open = threading.Event()

    def open(self) -> None:
        """Begin to answer; the queues must exist. Requests about messages wait for it."""
        self._service = self._open_service()
        self._is_open.set()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        operation = environ.get("HTTP_X_AMZ_TARGET", "").removeprefix(_TARGET)
        if operation not in QueueService.OPERATIONS:
            return self._application(environ, start_response)
        self._is_open.wait(OPEN_SECONDS)
        status, body = self._answer(operation, environ)
        content = json.dumps(body).encode()
        headers = [("content-type", _CONTENT_TYPE), ("content-length", str(len(content)))]
        start_response(status, [*headers, ("x-amzn-requestid", str(uuid.uuid4()))])
        return [content]

    def _answer(self, operation: str, environ: WSGIEnvironment) -> tuple[str, dict[str, Any]]:
        if self._service is None:
            return "503 Service Unavailable", _error("ServiceUnavailable", "The queues are not open yet.")
        try:
            length = int(environ.get("CONTENT_LENGTH") or 0)
            parameters = json.loads(environ["wsgi.input"].read(length) or b"{}")
            return "200 OK", self._service.answer(operation, parameters)
        except RefusedError as error:
            return "400 Bad Request", _error(error.code, str(error))
        except (ValueError, TypeError, AttributeError):
            logger.exception("%s was not understood", operation)
            return "400 Bad Request", _error("InvalidParameterValue", "The request is not understood.")


def _error(code: str, message: str) -> dict[str, Any]:
    return {"__type": f"com.amazonaws.sqs#{code}", "message": message}
