"""Dependencies that answer, but with an error: AWS, the model, the provider."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from local.drill.fault import Fault, Scene
from local.drill.provider_conduct import DISORDER, conduct

SECONDS = 5.0
SLOW_MS = 20_000
TAKEN_EDGE = "taken by the provider, its answer cut off"
_SQS = {"only": "AmazonSQS"}
_S3 = {"only": "/vaani-"}
_THROTTLED = '{"__type":"com.amazonaws.sqs#RequestThrottled","message":"Request is throttled."}'
_SLOW_DOWN = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"

_OF_LINKS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "sqs-500": ("SQS answers 500", "aws", {"status": 500, **_SQS}),
    "sqs-throttled": ("SQS throttles", "aws", {"status": 400, "body": _THROTTLED, **_SQS}),
    "s3-slow-down": ("S3 answers 503 SlowDown", "aws", {"status": 503, "body": _SLOW_DOWN, **_S3}),
    "model-500": ("the model answers 500", "model", {"status": 500}),
    "model-429": ("the model answers 429", "model", {"status": 429}),
}
_OF_META: dict[str, tuple[str, dict[str, Any]]] = {
    "meta-429": ("Meta answers 429", {"status": 429, "code": 130429}),
    "meta-500": ("Meta answers 500", {"status": 500, "code": 131000}),
    "meta-slow": (f"Meta answers after {SLOW_MS // 1000} s", {"delay_ms": SLOW_MS}),
    "meta-cut": ("Meta takes messages and cuts its answers off", {"drop_after_accept": True}),
}


def answer_faults() -> list[Fault]:
    """Every error that a dependency answers."""
    of_links = [
        Fault(
            name=name,
            title=f"{title} for {SECONDS:g} s",
            inflict=partial(_answering, link=link, details=details),
            seconds=SECONDS,
        )
        for name, (title, link, details) in _OF_LINKS.items()
    ]
    of_meta = [
        Fault(
            name=name,
            title=f"{title} for {SECONDS:g} s",
            inflict=partial(conducting, details=details),
            seconds=SECONDS,
            edge=TAKEN_EDGE if "status" not in details else "",
        )
        for name, (title, details) in _OF_META.items()
    ]
    return [*of_links, *of_meta]


@asynccontextmanager
async def _answering(scene: Scene, *, link: str, details: dict[str, Any]) -> AsyncIterator[None]:
    async with scene.links.behaving([link], mode="answer", **details):
        yield


@asynccontextmanager
async def conducting(scene: Scene, *, details: dict[str, Any]) -> AsyncIterator[None]:
    """Meta treats every message so while the context is open."""
    simulator_url = scene.copy.facts["simulator_url"]
    await conduct(simulator_url, **details)
    try:
        yield
    finally:
        await conduct(simulator_url, **DISORDER)
