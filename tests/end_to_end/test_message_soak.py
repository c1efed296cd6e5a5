"""Messages of many users while worker, poller and Redis are killed; `make soak-messages` is the long form."""

from __future__ import annotations

import pytest

from tests.end_to_end.message_soak import MessageSoak, SoakPlan
from tests.end_to_end.platform import Platform

pytestmark = pytest.mark.integration


@pytest.mark.requirement("10.2")
async def test_a_hundred_messages_are_answered_once_in_order_whatever_is_killed(scripted_platform: Platform) -> None:
    plan = SoakPlan(
        seed=2026,
        users=10,
        messages_per_user=10,
        first_user=919800007000,
        most_in_flight=4,
        most_kills=5,
        kill_pause_seconds=(0.5, 2.0),
        copies_within_seconds=3.0,
    )

    report = await MessageSoak(scripted_platform, plan).run()

    assert report.problems == []
    assert report.written == 100
    assert report.posts > 100
    assert report.kills.keys() == {"message_worker", "queue_poller", "valkey"}
