"""The schedules of the local platform: functions that AWS runs every minute run here too, more often."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from local.lambda_pool import InvocationFailedError
from local.template import Template

EVERY_SECONDS = 3.0
"""In AWS it is a minute; whoever watches here does not wait so long."""

_EVERY_MINUTE = "rate(1 minute)"
logger = logging.getLogger(__name__)


def is_minutely(properties: Mapping[str, Any]) -> bool:
    """Whether a function of the template runs every minute, and so is of use here: the rest reports about AWS."""
    events = properties.get("Events", {}).values()
    return any(event["Properties"].get("ScheduleExpression") == _EVERY_MINUTE for event in events)


def minutely_functions(template: Template) -> list[str]:
    """The logical ids of the functions that run every minute."""
    functions = template.resources("AWS::Serverless::Function").items()
    return [logical_id for logical_id, properties in functions if is_minutely(properties)]


async def keep_running(invoke: Callable[[Any], Awaitable[Any]], *, every_seconds: float = EVERY_SECONDS) -> None:
    """Run a function again and again, with a pause after each run, until cancelled; one that fails is run again."""
    while True:
        try:
            await invoke({"source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": "{}"})
        except InvocationFailedError as error:
            logger.warning("%s", error)
        await asyncio.sleep(every_seconds)
