from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.domain.call_back import CallBackState, WhoRings
from shared.domain.tools.tool import ToolAnswer, ToolOutcome
from shared.ports.tools import ToolContext
from shared.use_cases.built_in_tools.schedule_call_back import ScheduleCallBack
from tests.fakes.call_backs import FakeCallBacks
from tests.fakes.clock import FrozenClock
from tests.fakes.memory_rows import MemoryRows
from tests.samples import NOON
from tests.shared.use_cases.built_in_tools.using import KEY, asked_by, use

IN_TEN_MINUTES = {"when": "PT10M", "about": "The bill."}


class Desk:
    """The tool over promises in memory."""

    def __init__(self) -> None:
        clock = FrozenClock(NOON)
        self.call_backs = FakeCallBacks(MemoryRows(clock))
        self.tool = ScheduleCallBack(self.call_backs, clock, zone=ZoneInfo("Asia/Kolkata"), can_ring=True)

    async def ask(self, context: ToolContext | None = None, *, key: str = KEY, **arguments: Any) -> ToolAnswer:
        return await use(self.tool, context or asked_by(channel="voice"), key=key, **(IN_TEN_MINUTES | arguments))


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize("channel", ["voice", "whatsapp", "twilio-whatsapp"])
async def test_the_number_that_the_user_writes_or_rings_from_is_promised_a_call(desk: Desk, channel: str) -> None:
    answer = await desk.ask(asked_by("billing", channel=channel, conversation_id="c7"))

    assert answer.outcome is ToolOutcome.DONE
    (kept,) = desk.call_backs.kept
    assert (kept.id, kept.conversation_id, kept.agent_id) == (KEY, "c7", "billing")
    assert (kept.phone_number, kept.about, kept.due_at) == ("919800000001", "The bill.", NOON + timedelta(minutes=10))
    assert (kept.wanted, kept.state) == (WhoRings.AGENT, CallBackState.DUE)


async def test_the_agent_is_told_the_time_by_the_clock_of_the_business(desk: Desk) -> None:
    answer = await desk.ask(when="2026-03-03T15:30")

    assert "Tuesday, 2026-03-03 15:30 (Asia/Kolkata)" in answer.text
    assert "919800000001" not in answer.text


async def test_the_same_use_promises_once(desk: Desk) -> None:
    answers = [await desk.ask() for _ in range(5)]

    assert {answer.outcome for answer in answers} == {ToolOutcome.DONE}
    assert len(desk.call_backs.kept) == 1


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("2026-03-02T17:00", "has passed"),
        ("2026-04-02T17:00", "at most 30 days"),
        ("tomorrow at nine", "cannot be read"),
        ("2026-03-05", "cannot be read"),
    ],
)
async def test_a_time_that_does_not_do_is_refused_with_the_time_it_is(desk: Desk, when: str, why: str) -> None:
    answer = await desk.ask(when=when)

    assert answer.outcome is ToolOutcome.REFUSED
    assert why in answer.text
    assert "it is now Monday, 2026-03-02 17:30 (Asia/Kolkata)" in answer.text
    assert desk.call_backs.kept == []


async def test_a_user_without_a_number_is_asked_for_one(desk: Desk) -> None:
    hidden = asked_by(user_id="IN.4711", channel="whatsapp")

    refused = await desk.ask(hidden)
    wrong = await desk.ask(hidden, phone_number="call me")
    promised = await desk.ask(hidden, phone_number="+91 98000 00002")

    assert [answer.outcome.value for answer in (refused, wrong, promised)] == ["refused", "refused", "done"]
    assert "country code" in refused.text
    assert [kept.phone_number for kept in desk.call_backs.kept] == ["919800000002"]


async def test_nobody_has_somebody_else_rung_who_has_a_number(desk: Desk) -> None:
    await desk.ask(phone_number="+14155550100")

    assert [kept.phone_number for kept in desk.call_backs.kept] == ["919800000001"]


async def test_a_hidden_caller_is_asked_for_a_number(desk: Desk) -> None:
    assert (await desk.ask(asked_by(user_id="anonymous-CA1", channel="voice"))).outcome is ToolOutcome.REFUSED


async def test_the_identity_of_another_channel_is_no_number(desk: Desk) -> None:
    assert (await desk.ask(asked_by(channel="pigeon"))).outcome is ToolOutcome.REFUSED


async def test_no_number_is_promised_more_than_a_few_calls(desk: Desk) -> None:
    answers = [await desk.ask(key=f"key-{number}") for number in range(5)]

    assert [answer.outcome.value for answer in answers] == ["done"] * 3 + ["refused"] * 2


def test_without_a_number_of_ours_nothing_is_promised(desk: Desk) -> None:
    tool = ScheduleCallBack(desk.call_backs, FrozenClock(NOON), zone=ZoneInfo("Asia/Kolkata"), can_ring=False)

    assert not tool.fits(asked_by(channel="voice"))
