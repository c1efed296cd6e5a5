"""HTTP as an Application Load Balancer hands it to a function, and the function's answer as HTTP.

Source: Elastic Load Balancing, "Lambda functions as targets".
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from local.template import ACCOUNT_ID, REGION

BODY_LIMIT_BYTES = 1_048_576
"""Of a request body and of a function's whole answer."""

TEXT_TYPES = ("application/json", "application/javascript", "application/xml")
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)


class BadAnswerError(Exception):
    """The function's answer is none that the load balancer could pass on; the client sees 502."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP response without its framing."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


def build_event(
    *,
    method: str,
    target: str,
    headers: Sequence[tuple[str, str]],
    body: bytes,
    function: str,
    multi_value: bool,
) -> dict[str, Any]:
    """Return the event of one request.

    Args:
        method: as received.
        target: path and query as received; neither is decoded.
        headers: names in lower case, with the X-Forwarded ones already added.
        body: text if its content type says so and its bytes are text, otherwise it travels in base64.
        function: logical id, part of the made-up target group's ARN.
        multi_value: whether repeated headers and query values are kept, in `multiValue…` keys, or the last one wins.
    """
    path, _, query = target.partition("?")
    pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
    is_text = not body or (_is_text(dict(headers)) and _is_utf8(body))
    event: dict[str, Any] = {
        "requestContext": {"elb": {"targetGroupArn": _target_group_arn(function)}},
        "httpMethod": method,
        "path": path,
        "body": body.decode("utf-8") if is_text else base64.b64encode(body).decode("ascii"),
        "isBase64Encoded": not is_text,
    }
    if multi_value:
        event["multiValueQueryStringParameters"] = _collect(pairs)
        event["multiValueHeaders"] = _collect(headers)
    else:
        event["queryStringParameters"] = dict(pairs)
        event["headers"] = dict(headers)
    return event


def read_answer(result: Any, *, multi_value: bool) -> Answer:
    """Return the response that a function's result stands for.

    Raises:
        BadAnswerError: not an object with a status code, not the kind of headers the target group expects, too large.
    """
    if not isinstance(result, Mapping) or isinstance(result.get("statusCode"), bool):
        raise BadAnswerError("the answer is not an object")
    if len(json.dumps(result)) > BODY_LIMIT_BYTES:
        raise BadAnswerError("the answer is larger than 1 MB")
    try:
        status = int(result["statusCode"])
        body = result.get("body") or ""
        content = base64.b64decode(body, validate=True) if result.get("isBase64Encoded") else str(body).encode()
        HTTPStatus(status)
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise BadAnswerError("status code or body is not usable") from error
    # A load balancer reads only the kind of headers that its target group is set to.
    if multi_value:
        headers = [
            (name, value) for name, values in (result.get("multiValueHeaders") or {}).items() for value in values
        ]
    else:
        headers = list((result.get("headers") or {}).items())
    kept = [(str(name).lower(), str(value)) for name, value in headers if str(name).lower() not in HOP_BY_HOP]
    return Answer(status=status, headers=[pair for pair in kept if pair[0] != "content-length"], body=content)


def _is_text(headers: Mapping[str, str]) -> bool:
    if headers.get("content-encoding"):
        return False
    content_type = headers.get("content-type", "").split(";")[0].strip().lower()
    return content_type.startswith("text/") or content_type in TEXT_TYPES


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _collect(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    collected: dict[str, list[str]] = {}
    for name, value in pairs:
        collected.setdefault(name, []).append(value)
    return collected


def _target_group_arn(function: str) -> str:
    return f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT_ID}:targetgroup/{function}/0123456789abcdef"
