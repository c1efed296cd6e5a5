"""The function by its scheduled event."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.errors import StoreUnavailable
from tests.functions.loading import load_function

EVENT = json.loads((Path(__file__).parents[3] / "events" / "ring_back" / "schedule.json").read_text())


def ringing(runs: list[str], error: Exception | None = None) -> Callable[[], object]:
    async def ring_back() -> None:
        runs.append("rung")
        if error is not None:
            raise error

    return ring_back


def test_each_event_rings_those_who_are_due() -> None:
    runs: list[str] = []
    module = load_function("ring_back", ring_back=ringing(runs))

    assert module.handler(EVENT, None) is None
    module.handler(EVENT, None)

    assert runs == ["rung", "rung"]


def test_a_run_that_failed_is_seen_to_have_failed() -> None:
    module = load_function("ring_back", ring_back=ringing([], StoreUnavailable("down")))

    with pytest.raises(StoreUnavailable):
        module.handler(EVENT, None)
