"""Limits as decisions from counts."""

from __future__ import annotations

import pytest

from shared.domain.quota import RateWindow, decide_rate, must_block


@pytest.mark.parametrize(("count", "is_allowed"), [(1, True), (100, True), (101, False), (500, False)])
def test_the_first_requests_of_a_window_pass(count: int, *, is_allowed: bool) -> None:
    decision = decide_rate(window=RateWindow(count=count, resets_in_seconds=42), limit=100)

    assert decision.is_allowed is is_allowed
    assert decision.retry_after_seconds == (0 if is_allowed else 42)


def test_whoever_must_wait_is_never_told_to_come_back_at_once() -> None:
    decision = decide_rate(window=RateWindow(count=2, resets_in_seconds=0), limit=1)

    assert decision.retry_after_seconds == 1


@pytest.mark.parametrize(("failures", "is_blocked"), [(9, False), (10, True), (11, True)])
def test_a_source_is_blocked_from_the_threshold_on(failures: int, *, is_blocked: bool) -> None:
    assert must_block(failures=failures, threshold=10) is is_blocked
