"""A function as a resource of the stack: CloudFormation calls it when its turn comes, and waits for what it answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import httpx

from shared.observability import logger

Event: TypeAlias = Mapping[str, Any]

_TIMEOUT_SECONDS = 10.0
_ATTEMPTS = 3


def handle(event: Event, work: Callable[[], dict[str, str]]) -> dict[str, str]:
    """Do the work and return its result; if CloudFormation asked for it, tell it how that went.

    A removal of the resource does nothing. Source: AWS CloudFormation, "Custom resource request types" and "Custom
    resource response objects".
    """
    if "ResponseURL" not in event:
        return work()
    try:
        result = work() if event["RequestType"] in {"Create", "Update"} else {}
    except Exception as error:  # noqa: BLE001 - without an answer the deployment would wait for its time limit
        logger.exception("stack_resource_failed")
        _answer(event, status="FAILED", reason=f"{type(error).__name__}; the log of the function has the rest", data={})
        return {}
    _answer(event, status="SUCCESS", reason="", data=result)
    return result


def _answer(event: Event, *, status: str, reason: str, data: dict[str, str]) -> None:
    answer = {
        "Status": status,
        "Reason": reason,
        # The same one for ever: a new one would make CloudFormation remove the old.
        "PhysicalResourceId": event.get("PhysicalResourceId") or event["LogicalResourceId"],
        **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
        "Data": data,
    }
    transport = httpx.HTTPTransport(retries=_ATTEMPTS)
    with httpx.Client(transport=transport, timeout=_TIMEOUT_SECONDS) as client:
        # The address was signed for an empty content type.
        client.put(
            event["ResponseURL"], content=json.dumps(answer).encode(), headers={"content-type": ""}
        ).raise_for_status()
