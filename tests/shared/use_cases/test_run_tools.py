"""Calls for tools are checked, bounded, written down, and done once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.json_schema import JsonSchemaCheck
from shared.domain.agent import Passage
from shared.domain.conversation import Conversation, ConversationKey
from shared.domain.json_value import JSON
from shared.domain.tools.http_tool import HttpMethod, HttpTool
from shared.domain.tools.tool import ToolAnswer, ToolCall, ToolOutcome, ToolSpec
from shared.errors import ProviderUnavailable, StoreUnavailable
from shared.ports.tools import ToolContext
from shared.use_cases import run_tools
from shared.use_cases.run_tools import LONGEST_ANSWER, SPOKEN, WRITTEN, Patience, RunTools
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Down
from tests.fakes.tools import FakeHttpToolCaller, FakeToolAudit
from tests.samples import a_message
from tests.shared.use_cases.house import an_agent

CONVERSATION = Conversation(id="c1", key=ConversationKey(channel="whatsapp", user_id="919800000001"))
MESSAGE = a_message()
NUMBER: dict[str, JSON] = {
    "type": "object",
    "properties": {"number": {"type": "string", "pattern": "^INV-[0-9]{4}$"}},
    "required": ["number"],
    "additionalProperties": False,
}
BILL = HttpTool(
    id="look_up_bill",
    description="Looks up a bill.",
    method=HttpMethod.GET,
    url="https://office.example/bills/{number}",
    parameters=NUMBER,
)


class Scripted:
    """A tool that answers, or fails, as told."""

    def __init__(self, answer: ToolAnswer | Exception, *, parameters: Mapping[str, JSON] = NUMBER) -> None:
        self.spec = ToolSpec(name="look_up", description="Looks something up.", parameters=parameters)
        self.answer = answer
        self.used: list[tuple[Mapping[str, JSON], str]] = []
        self.is_of_use = True

    def fits(self, _context: ToolContext) -> bool:
        return self.is_of_use

    async def __call__(
        self, arguments: Mapping[str, JSON], _context: ToolContext, *, idempotency_key: str
    ) -> ToolAnswer:
        self.used.append((arguments, idempotency_key))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class NeverAnswers(Scripted):
    """A tool of which nothing more is heard."""

    async def __call__(
        self, arguments: Mapping[str, JSON], _context: ToolContext, *, idempotency_key: str
    ) -> ToolAnswer:
        self.used.append((arguments, idempotency_key))
        await asyncio.Event().wait()
        raise AssertionError


@pytest.fixture
def audit(clock: FrozenClock) -> FakeToolAudit:
    return FakeToolAudit(clock)


def a_context(*tools: str, **given: Any) -> ToolContext:
    values: dict[str, Any] = {"message": MESSAGE, "is_spoken": False}
    agent = an_agent("billing", tools=tools or ("look_up",))
    return ToolContext(conversation=CONVERSATION, agent=agent, **{**values, **given})


def a_call(name: str = "look_up", **arguments: JSON) -> ToolCall:
    return ToolCall(id="call-1", name=name, arguments=arguments or {"number": "INV-1042"})


def runner(audit: Any, *tools: Any, call_http: FakeHttpToolCaller | None = None) -> RunTools:
    return RunTools(tools, call_http=call_http or FakeHttpToolCaller(), audit=audit, schemas=JsonSchemaCheck())


async def test_arguments_that_do_not_fit_are_refused_with_a_line_that_says_why(audit: FakeToolAudit) -> None:
    tool = Scripted(ToolAnswer(text="never"))

    result = await runner(audit, tool)(a_call(number="1042"), a_context(), ordinal=1)

    assert tool.used == []
    assert result.answer.outcome is ToolOutcome.REFUSED
    assert result.answer.text == "The arguments do not fit. number: '1042' does not match '^INV-[0-9]{4}$'"
    assert [row.answer for row in audit.rows.values()] == [result.answer]


async def test_arguments_that_are_no_json_object_are_refused(audit: FakeToolAudit) -> None:
    tool = Scripted(ToolAnswer(text="never"), parameters={"type": "object"})

    call = replace(a_call(), arguments={}, is_readable=False)
    result = await runner(audit, tool)(call, a_context(), ordinal=1)

    assert (result.answer.outcome, tool.used) == (ToolOutcome.REFUSED, [])


@pytest.mark.parametrize("allowed", [(), ("another",)])
async def test_a_tool_that_the_profile_does_not_name_is_neither_offered_nor_used(
    audit: FakeToolAudit, allowed: tuple[str, ...]
) -> None:
    tool = Scripted(ToolAnswer(text="never"))
    context = replace(a_context(), agent=an_agent("billing", tools=allowed))
    run = runner(audit, tool)

    result = await run(a_call(), context, ordinal=1)

    assert run.offered(context) == ()
    assert (result.answer.outcome, tool.used, audit.rows) == (ToolOutcome.REFUSED, [], {})


async def test_a_tool_is_written_down_before_it_runs_and_completed_after_it(audit: FakeToolAudit) -> None:
    seen: list[Any] = []

    class Looking(Scripted):
        async def __call__(self, *given: Any, **named: Any) -> ToolAnswer:
            seen.extend((row.use.tool, row.answer) for row in audit.rows.values())
            return await super().__call__(*given, **named)

    await runner(audit, Looking(ToolAnswer(text="Paid.")))(a_call(), a_context(), ordinal=1)

    assert seen == [("look_up", None)]
    (row,) = audit.rows.values()
    assert row.answer == ToolAnswer(text="Paid.")
    assert (row.use.conversation_id, row.use.agent_id) == ("c1", "billing")
    assert row.use.message_id == MESSAGE.provider_message_id
    assert row.use.arguments == {"number": "INV-1042"}


async def test_a_turn_repeated_after_a_crash_gets_the_same_answer_without_running_the_tool_again(
    audit: FakeToolAudit,
) -> None:
    tool = Scripted(ToolAnswer(text="Booked for ten.", ends_call=True))
    await runner(audit, tool)(a_call(), a_context(), ordinal=1)

    again = await runner(audit, tool)(a_call(), a_context(), ordinal=1)

    assert len(tool.used) == 1
    assert (again.answer.text, again.answer.ends_call) == ("Booked for ten.", True)


async def test_a_use_that_was_begun_and_not_finished_runs_again_with_the_same_key(audit: FakeToolAudit) -> None:
    slow = NeverAnswers(ToolAnswer(text="never"))
    lost = asyncio.ensure_future(runner(audit, slow)(a_call(), a_context(), ordinal=1))
    while not slow.used:
        await asyncio.sleep(0)
    lost.cancel()
    with pytest.raises(asyncio.CancelledError):
        await lost
    tool = Scripted(ToolAnswer(text="Booked."))

    await runner(audit, tool)(a_call(), a_context(), ordinal=1)

    assert tool.used == slow.used


async def test_another_message_another_place_in_the_turn_and_another_tool_have_keys_of_their_own(
    audit: FakeToolAudit,
) -> None:
    tool, run_with = Scripted(ToolAnswer(text="Done.")), a_context()
    other = replace(run_with, message=a_message(provider_message_id="another"))
    run = runner(audit, tool)

    await run(a_call(), run_with, ordinal=1)
    await run(a_call(), run_with, ordinal=2)
    await run(a_call(), other, ordinal=1)

    assert len({key for _, key in tool.used}) == 3


async def test_a_repeated_turn_that_asks_for_something_else_is_told_what_was_done(audit: FakeToolAudit) -> None:
    tool = Scripted(ToolAnswer(text="Booked for ten."))
    await runner(audit, tool)(a_call(number="INV-1042"), a_context(), ordinal=1)

    again = await runner(audit, tool)(a_call(number="INV-2000"), a_context(), ordinal=1)

    assert len(tool.used) == 1
    assert again.answer.text.startswith("This tool was used already for this message, with other arguments.")
    assert again.answer.text.endswith("Booked for ten.")


async def test_nothing_runs_that_cannot_be_written_down() -> None:
    tool = Scripted(ToolAnswer(text="never"))

    result = await runner(Down(StoreUnavailable("down")), tool)(a_call(), a_context(), ordinal=1)

    assert (result.answer.outcome, tool.used) == (ToolOutcome.FAILED, [])


async def test_a_slow_tool_is_given_up(audit: FakeToolAudit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_tools, "WRITTEN", Patience(call_seconds=0.01, turn_seconds=1))

    result = await runner(audit, NeverAnswers(ToolAnswer(text="never")))(a_call(), a_context(), ordinal=1)

    assert result.answer.outcome is ToolOutcome.TIMED_OUT
    assert [row.answer for row in audit.rows.values()] == [result.answer]


async def test_a_turn_whose_tools_took_all_its_time_uses_no_more(audit: FakeToolAudit) -> None:
    tool = Scripted(ToolAnswer(text="never"))

    result = await runner(audit, tool)(
        a_call(), a_context(is_spoken=True), ordinal=3, spent_seconds=SPOKEN.turn_seconds
    )

    assert (result.answer.outcome, tool.used) == (ToolOutcome.FAILED, [])


def test_a_caller_is_kept_waiting_less_than_a_reader() -> None:
    assert SPOKEN.call_seconds < WRITTEN.call_seconds
    assert SPOKEN.turn_seconds < WRITTEN.turn_seconds


async def test_a_long_answer_is_cut_with_a_note(audit: FakeToolAudit) -> None:
    tool = Scripted(ToolAnswer(text="x" * 100_000))

    result = await runner(audit, tool)(a_call(), a_context(), ordinal=1)

    assert len(result.answer.text) == LONGEST_ANSWER
    assert result.answer.text.endswith("[The rest of the answer was too long and is left out.]")


async def test_a_tool_that_breaks_does_not_break_the_turn(audit: FakeToolAudit) -> None:
    tool = Scripted(ProviderUnavailable("The secret of the house"))

    result = await runner(audit, tool)(a_call(), a_context(), ordinal=1)

    assert result.answer.outcome is ToolOutcome.FAILED
    assert "secret" not in result.answer.text


async def test_a_tool_that_an_operator_defined_is_offered_and_used_like_any_other(audit: FakeToolAudit) -> None:
    call_http = FakeHttpToolCaller(ToolAnswer(text='{"due": 1250}'))
    run = runner(audit, Scripted(ToolAnswer(text="never")), call_http=call_http)
    context = a_context("look_up_bill", "look_up", http_tools=(BILL,))

    result = await run(a_call("look_up_bill", number="INV-1042"), context, ordinal=1)

    assert [spec.name for spec in run.offered(context)] == ["look_up_bill", "look_up"]
    assert result.answer.text == '{"due": 1250}'
    (asked,) = call_http.asked
    assert asked["arguments"] == {"number": "INV-1042"}
    assert (asked["conversation_id"], asked["agent_id"]) == ("c1", "billing")
    assert asked["idempotency_key"] in audit.rows


async def test_no_tool_of_an_operator_takes_the_place_of_one_of_the_platform(audit: FakeToolAudit) -> None:
    own = Scripted(ToolAnswer(text="ours"))
    call_http = FakeHttpToolCaller()
    context = a_context(http_tools=(replace(BILL, id="look_up"),))

    result = await runner(audit, own, call_http=call_http)(a_call(), context, ordinal=1)

    assert (result.answer.text, call_http.asked) == ("ours", [])


async def test_what_a_repeated_turn_found_can_be_cited_again(audit: FakeToolAudit) -> None:
    found = Passage(agent_id="billing", title="Fees", text="600 rupees.", score=0.9, id="p1", document_id="d1")
    tool = Scripted(ToolAnswer(text="600 rupees.", passages=(found,)))
    await runner(audit, tool)(a_call(), a_context(), ordinal=1)

    again = await runner(audit, tool)(a_call(), a_context(), ordinal=1)

    assert [(passage.id, passage.document_id) for passage in again.answer.passages] == [("p1", "d1")]
