"""The webhook under broken bodies, in the short forms that run with the other tests; `make fuzz` is the long one."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from shared.adapters.postgres.engine import Database
from shared.domain.message import InboundItem
from tests.fakes.clock import FrozenClock
from tests.fakes.outbound_channel import FakeTextChannel
from tests.fuzz.breaking import Case, broken_posts
from tests.fuzz.judging import NOW, Judge
from tests.payloads.test_corpus import worker

QUICK = 400
LONG = 4_000
STORED = 800


def run(cases: int) -> tuple[Judge, list[InboundItem]]:
    """Post so many broken webhooks; what was queued."""
    judge = Judge()
    queued: list[InboundItem] = []

    @settings(
        max_examples=cases,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(broken_posts())
    def post(case: Case) -> None:
        queued.extend(judge(case))

    post()
    return judge, queued


def test_no_broken_webhook_is_a_fault_of_ours_or_tells_a_secret() -> None:
    judge, queued = run(QUICK)

    assert {200, 400, 401} <= judge.statuses.keys()
    assert queued


@pytest.mark.integration
def test_many_broken_webhooks_are_no_fault_of_ours_either() -> None:
    judge, _ = run(LONG)

    assert {200, 204, 400, 401, 403, 404, 405, 413} == judge.statuses.keys()
    assert {"InboundMessage", "StatusUpdate", "rejected", "account", "error", "call"} <= judge.items.keys()


@pytest.mark.integration
async def test_whatever_a_broken_webhook_leaves_in_the_queue_can_be_dealt_with(
    clock: FrozenClock, database: Database
) -> None:
    _, queued = await asyncio.to_thread(run, STORED)
    clock.now = NOW
    channel = FakeTextChannel()
    handle = worker(clock, database).handle_item(**{"whatsapp": channel, "twilio-whatsapp": channel})

    for item in queued:
        await handle(item)

    assert channel.accepted
