"""Loads a function's module with use cases of the test's own instead of the wired ones, and calls it as Lambda does."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import shared
from shared.domain.access import Caller

_FUNCTIONS = Path(__file__).parents[2] / "functions"
TRACE_ID = "1-67891233-abcdef012345678912345678"


async def unlimited(caller: Caller) -> None:
    """See `LimitRequests`: whoever it is may ask for ever."""


class Exchangeable:
    """Stands for what each test puts in its place, because an application takes long to build."""

    def __init__(self) -> None:
        self.current: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.current, name)

    def __call__(self, *values: Any, **named: Any) -> Any:
        return self.current(*values, **named)


def load_function(name: str, **wired: object) -> ModuleType:
    """A fresh copy of `functions/{name}/app.py` in which `wiring.x()` gives `wired["x"]`."""
    wiring = ModuleType("shared.wiring")
    for made, value in wired.items():
        setattr(wiring, made, lambda value=value: value)
    specification = importlib.util.spec_from_file_location(f"{name}_under_test", _FUNCTIONS / name / "app.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    # FastAPI and Pydantic look annotations up here, some of them only when the first request comes.
    sys.modules[specification.name] = module
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(sys.modules, "shared.wiring", wiring)
        patched.setattr(shared, "wiring", wiring, raising=False)
        specification.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Answer:
    """What the load balancer would send to the client."""

    status: int
    headers: dict[str, str]
    text: str
    event_form: str = field(default="headers")

    @property
    def json(self) -> Any:
        """The body parsed."""
        return json.loads(self.text)


def call(
    module: ModuleType,
    method: str,
    path: str,
    *,
    query: Mapping[str, str | list[str]] | None = None,
    headers: dict[str, str] | None = None,
    body: object = None,
    multi_value: bool = False,
) -> Answer:
    """Send a load balancer's event; query values are given as they stand in the address, undecoded.

    Several values of one name need `multi_value`, as they do with the load balancer.
    """
    sent = {"host": "example.com", "x-forwarded-for": "198.51.100.7", "x-amzn-trace-id": f"Root={TRACE_ID}"}
    sent |= {"content-type": "application/json"} if body is not None else {}
    sent |= headers or {}
    event: dict[str, Any] = {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:ap-south-1:1:targetgroup/x/1"}},
        "httpMethod": method,
        "path": path,
        "body": body if isinstance(body, str) else "" if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }
    if multi_value:
        event["multiValueHeaders"] = {name: [value] for name, value in sent.items()}
        event["multiValueQueryStringParameters"] = {
            name: value if isinstance(value, list) else [value] for name, value in (query or {}).items()
        }
    else:
        event["headers"] = sent
        event["queryStringParameters"] = query or {}
    return send(module, event)


def replay(module: ModuleType, case: str, *, token: str | None = None) -> Answer:
    """Send a sample event; with a token, in the place of the one it was written with."""
    event: dict[str, Any] = json.loads((_FUNCTIONS.parent / "events" / f"{case}.json").read_text(encoding="utf-8"))
    if token is not None and "multiValueHeaders" in event:
        event["multiValueHeaders"]["authorization"] = [f"Bearer {token}"]
    elif token is not None:
        event["headers"]["authorization"] = f"Bearer {token}"
    return send(module, event)


def send(module: ModuleType, event: dict[str, Any]) -> Answer:
    """Hand an event to the function and read its answer in the form that the event asks for."""
    result = module.handler(event, SimpleNamespace(aws_request_id="lambda-request"))
    if "multiValueHeaders" in event:
        flat = {name: values[0] for name, values in result["multiValueHeaders"].items()}
        return Answer(result["statusCode"], flat, result["body"], "multiValueHeaders")
    return Answer(result["statusCode"], result["headers"], result["body"])
