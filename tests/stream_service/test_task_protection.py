"""The task is protected while it has calls, and lets go of new ones when it has been chosen to end."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ProviderUnavailable
from stream_service.live_calls import LiveCalls
from stream_service.task_protection import (
    CLAIM_MINUTES,
    FIRST_RETRY_SECONDS,
    REFUSED_RETRY_SECONDS,
    RELEASE_AFTER_SECONDS,
    RENEW_SECONDS,
    Protection,
    ProtectionPlan,
    ProtectWhileCalled,
    Step,
)

CLAIM, RELEASE = (Step.CLAIM, None), (Step.RELEASE, None)


def test_without_calls_nothing_is_asked() -> None:
    assert ProtectionPlan().next_step(active=0, now=0) == (Step.WAIT, None)


def test_the_first_call_claims_at_once_and_further_ones_change_nothing() -> None:
    plan = ProtectionPlan()

    assert plan.next_step(active=1, now=100) == CLAIM
    plan.granted(now=100)

    assert plan.next_step(active=7, now=100) == (Step.WAIT, RENEW_SECONDS)


def test_a_claim_is_renewed_while_there_are_calls() -> None:
    plan = ProtectionPlan()
    plan.granted(now=0)

    assert plan.next_step(active=1, now=RENEW_SECONDS) == CLAIM


def test_the_last_call_releases_after_a_while_only() -> None:
    plan = ProtectionPlan()
    plan.granted(now=0)

    assert plan.next_step(active=0, now=50) == (Step.WAIT, RELEASE_AFTER_SECONDS)
    assert plan.next_step(active=0, now=50 + RELEASE_AFTER_SECONDS) == RELEASE


def test_a_call_that_comes_meanwhile_keeps_the_claim() -> None:
    plan = ProtectionPlan()
    plan.granted(now=0)
    plan.next_step(active=0, now=50)

    plan.next_step(active=1, now=55)

    assert plan.next_step(active=0, now=58) == (Step.WAIT, RELEASE_AFTER_SECONDS)


def test_a_refused_claim_is_asked_again_even_without_calls() -> None:
    plan = ProtectionPlan()
    plan.refused(now=0)

    assert plan.next_step(active=0, now=1) == (Step.WAIT, REFUSED_RETRY_SECONDS - 1)
    assert plan.next_step(active=0, now=REFUSED_RETRY_SECONDS) == CLAIM


def test_a_claim_without_an_answer_is_asked_again_ever_more_slowly() -> None:
    plan, now, waits = ProtectionPlan(), 0.0, []
    for _ in range(6):
        plan.failed(now=now)
        _, wait = plan.next_step(active=1, now=now)
        assert wait is not None
        waits.append(wait)
        now += wait

    assert waits == [FIRST_RETRY_SECONDS, 10, 20, 40, 60, 60]


def test_a_claim_that_is_granted_when_the_calls_are_over_is_not_given_back_at_once() -> None:
    plan = ProtectionPlan()
    plan.next_step(active=0, now=0)
    plan.refused(now=0)
    plan.granted(now=REFUSED_RETRY_SECONDS)

    assert plan.next_step(active=0, now=REFUSED_RETRY_SECONDS + 1) == (Step.WAIT, RELEASE_AFTER_SECONDS - 1)


@given(st.lists(st.tuples(st.floats(0.01, 400), st.booleans(), st.sampled_from(["granted", "refused", "failed"]))))
def test_a_flapping_count_does_not_flood_the_agent_and_a_claim_is_renewed_in_time(
    moments: list[tuple[float, bool, str]],
) -> None:
    """Whatever comes: two requests are seconds apart, and what was granted is renewed long before it runs out."""
    plan, now = ProtectionPlan(), 0.0
    claims: list[float] = []
    claimed_until, latest = 0.0, ""
    for passed, has_calls, outcome in moments:
        now += passed
        step, wait = plan.next_step(active=int(has_calls), now=now)
        if step is Step.CLAIM:
            claims.append(now)
            latest = outcome
            getattr(plan, outcome)(now=now)
            if outcome == "granted":
                claimed_until = now + CLAIM_MINUTES * 60
        elif step is Step.RELEASE:
            assert not has_calls
            plan.released()
        elif has_calls:
            assert wait is not None
            assert latest != "granted" or plan.state is Protection.NONE or now + wait <= claimed_until
        again, _ = plan.next_step(active=int(has_calls), now=now)
        assert again is not Step.CLAIM or step is Step.RELEASE

    assert all(later - earlier >= FIRST_RETRY_SECONDS for earlier, later in itertools.pairwise(claims))


class FakeProtection:
    """Notes what it is asked; grants, refuses or fails as the test says."""

    def __init__(self, *outcomes: bool | None) -> None:
        self.outcomes = list(outcomes)
        self.asked: asyncio.Queue[str] = asyncio.Queue()

    async def claim(self, *, minutes: int) -> bool:
        self.asked.put_nowait(f"claim {minutes}")
        outcome = self.outcomes.pop(0) if self.outcomes else True
        if outcome is None:
            raise ProviderUnavailable("The agent gave no answer.")
        return outcome

    async def release(self) -> None:
        self.asked.put_nowait("release")


class SteppedClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def protecting(
    live_calls: LiveCalls, protection: FakeProtection, clock: SteppedClock
) -> AsyncGenerator[asyncio.Task[None], None]:
    running = asyncio.create_task(ProtectWhileCalled(live_calls, protection, clock=clock).run())
    await asyncio.sleep(0)
    yield running
    running.cancel()
    await asyncio.wait({running})


async def asked(protection: FakeProtection) -> str:
    async with asyncio.timeout(5):
        answer = await protection.asked.get()
    await asyncio.sleep(0)
    return answer


async def test_the_task_is_protected_from_the_first_call_on_and_let_go_when_the_service_stops() -> None:
    live_calls, protection = LiveCalls(capacity=5), FakeProtection()

    async with protecting(live_calls, protection, SteppedClock()):
        with live_calls.admit(), live_calls.admit():
            assert await asked(protection) == f"claim {CLAIM_MINUTES}"
        await asyncio.sleep(0)
        assert protection.asked.empty()

    assert await asked(protection) == "release"
    assert protection.asked.empty()


async def test_a_refused_claim_sends_new_calls_to_other_tasks_and_keeps_those_in_progress() -> None:
    live_calls, protection = LiveCalls(capacity=5), FakeProtection(False)

    async with protecting(live_calls, protection, SteppedClock()):
        with live_calls.admit():
            await asked(protection)
            assert (live_calls.active, live_calls.admits) == (1, False)


async def test_a_deployment_that_is_called_off_lets_calls_in_again() -> None:
    live_calls, protection, clock = LiveCalls(capacity=5), FakeProtection(False, True), SteppedClock()

    async with protecting(live_calls, protection, clock):
        with live_calls.admit():
            await asked(protection)
            clock.now += REFUSED_RETRY_SECONDS
        await asked(protection)

        assert live_calls.admits


async def test_an_agent_that_gives_no_answer_keeps_no_caller_out() -> None:
    live_calls, protection = LiveCalls(capacity=5), FakeProtection(None)

    async with protecting(live_calls, protection, SteppedClock()) as running:
        with live_calls.admit():
            await asked(protection)
            assert live_calls.admits
        assert not running.done()
    assert protection.asked.empty()


async def test_admitting_waits_for_nothing() -> None:
    live_calls = LiveCalls(capacity=5)

    class Hanging(FakeProtection):
        async def claim(self, *, minutes: int) -> bool:
            self.asked.put_nowait(f"claim {minutes}")
            await asyncio.Event().wait()
            return True

    protection = Hanging()
    async with protecting(live_calls, protection, SteppedClock()):
        with live_calls.admit():
            await asked(protection)
            with live_calls.admit():
                assert live_calls.active == 2
