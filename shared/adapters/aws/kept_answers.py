"""Answers of Cost Explorer, each page of which costs a cent, kept for some hours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from decimal import InvalidOperation
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import ProviderUnavailable

REGION = "us-east-1"
"""Where Cost Explorer answers, whatever region is asked about. Source: AWS General Reference, Cost Explorer."""
KEPT_SECONDS = 6 * 3600
Result = TypeVar("Result")


class KeptAnswers:
    """Asks once, and again when the answer has grown old."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: dict[Hashable, tuple[float, Any]] = {}

    async def ask(self, key: Hashable, question: Callable[[], Result]) -> Result:
        """The answer to a blocking question, by the key it is kept under.

        Raises:
            ProviderUnavailable: no answer, or none that can be read.
        """
        found = self._kept.get(key)
        if found is not None and self._clock() - found[0] < KEPT_SECONDS:
            kept: Result = found[1]
            return kept
        try:
            asked = await asyncio.to_thread(question)
        except (BotoCoreError, ClientError, KeyError, ValueError, InvalidOperation) as error:
            raise ProviderUnavailable("Cost Explorer gave no usable answer.") from error
        # One entry per kind of question and month: a handful at most, as old months fall out below.
        self._kept = {k: v for k, v in self._kept.items() if self._clock() - v[0] < KEPT_SECONDS}
        self._kept[key] = (self._clock(), asked)
        return asked
