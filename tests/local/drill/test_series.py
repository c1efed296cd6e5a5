"""A series that is told to end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from local.drill.fault import Fault, Scene
from local.drill.notes import Notes
from local.drill.series import Series


class Unwatched:
    """Processes and logs of which nothing is noted."""

    def __getattr__(self, _: str) -> Callable[..., Any]:
        return lambda **_: {}


async def test_it_ends_after_the_fault_under_way_and_keeps_what_was_played(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.drill.series.BASELINE_SECONDS", 0.0)
    monkeypatch.setattr("local.drill.series.WARM_UP_SECONDS", 0.0)
    monkeypatch.setattr(Series, "_until_quiet", _at_once)
    played: list[str] = []

    def fault(name: str) -> Fault:
        @asynccontextmanager
        async def inflict(_: Scene) -> AsyncIterator[None]:
            played.append(name)
            yield

        return Fault(name=name, title=name, inflict=inflict)

    watch: Any = Unwatched()
    scene: Any = None
    series = Series(scene, Notes(), watch, watch, say=lambda _: None, should_end=lambda: "second" in played)

    outcomes = await series.play([fault("first"), fault("second"), fault("third")])

    assert [outcome.fault.name for outcome in outcomes] == ["first", "second"]
    assert played == ["first", "second"]


async def _at_once(_series: Series, _since: float, *, seconds: float) -> bool:
    return seconds > 0
