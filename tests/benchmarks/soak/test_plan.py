from __future__ import annotations

import pytest

from benchmarks.soak.plan import usual_users, usual_warm_up


@pytest.mark.parametrize(("minutes", "warm_up"), [(4, 2), (20, 6), (48, 8), (60, 10), (600, 10)])
def test_the_warm_up_outlasts_what_is_kept_for_minutes_and_leaves_half_to_judge(minutes: float, warm_up: float) -> None:
    assert usual_warm_up(minutes) == warm_up


@pytest.mark.parametrize(("messages_per_second", "users"), [(20, 200), (1.5, 15), (0.01, 1)])
def test_everybody_writes_every_ten_seconds(messages_per_second: float, users: int) -> None:
    assert usual_users(messages_per_second) == users
