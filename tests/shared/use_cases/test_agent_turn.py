"""One agent's turn: it talks, calls for tools, is asked again with what they answered."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

import pytest

from shared.domain.agent import HUMAN, Passage
from shared.domain.conversation import Conversation, ConversationKey
from shared.domain.json_value import JSON
from shared.domain.prompt import HandOver, TextPiece, TokenUsage
from shared.domain.tools.tool import ToolAnswer, ToolCall, ToolOutcome, ToolSpec
from shared.errors import ModelUnavailable
from shared.ports.tools import ToolContext
from shared.use_cases.agent_turn import TOOL_CALLS_PER_STEP, TOOL_STEPS
from shared.use_cases.orchestrator import APOLOGY, Reply
from shared.use_cases.turn_time import LongestTurn
from stream_service.speaking.sentences import SentenceSplitter
from tests.fakes.clock import FrozenClock
from tests.fakes.language_model import FakeLanguageModel
from tests.fakes.stores import FakeAgentStore
from tests.samples import a_message
from tests.shared.use_cases.house import House, an_agent

CONVERSATION = Conversation(id="c1", key=ConversationKey(channel="voice", user_id="+919800000001"))
HOURS = Passage(agent_id="desk", title="Hours", text="Open till six.", score=0.9, id="p1")


class Counting:
    """A tool that counts how often it is used."""

    spec = ToolSpec(name="look_up", description="Looks something up.", parameters={"type": "object"})

    def __init__(self, answer: ToolAnswer) -> None:
        self.answer = answer
        self.used: list[Mapping[str, JSON]] = []

    def fits(self, _context: ToolContext) -> bool:
        return True

    async def __call__(
        self, arguments: Mapping[str, JSON], _context: ToolContext, *, idempotency_key: str
    ) -> ToolAnswer:
        assert idempotency_key
        self.used.append(arguments)
        return self.answer


class _NeverDone(Counting):
    """A tool that gives no answer."""

    def __init__(self) -> None:
        super().__init__(ToolAnswer(text=""))

    async def __call__(
        self, arguments: Mapping[str, JSON], context: ToolContext, *, idempotency_key: str
    ) -> ToolAnswer:
        await asyncio.Event().wait()
        return await super().__call__(arguments, context, idempotency_key=idempotency_key)


def a_call(number: int = 1) -> ToolCall:
    return ToolCall(id=f"call-{number}", name="look_up", arguments={"number": number})


def a_house(clock: FrozenClock, tool: Counting, *answers: Any) -> House:
    house = House(clock)
    house.agents = FakeAgentStore([an_agent("desk", tools=("look_up",))])
    house.model = FakeLanguageModel({"desk": list(answers)})
    house.tools = [tool]
    return house


async def reply_of(house: House) -> tuple[str, Reply]:
    reply = house.orchestrator.reply(CONVERSATION, a_message(text="How long?"), is_spoken=False)
    return "".join([chunk.text async for chunk in reply.chunks]), reply


async def test_what_a_tool_answers_is_what_the_agent_is_asked_with_again(clock: FrozenClock) -> None:
    tool = Counting(ToolAnswer(text="till six", passages=(HOURS,)))
    house = a_house(clock, tool, [TextPiece(text="One moment."), a_call()], "We are open till six.")

    text, reply = await reply_of(house)

    assert text == "One moment. We are open till six."
    first, second = house.model.prompts
    assert [spec.name for spec in first.tools] == ["look_up"]
    (step,) = second.steps
    assert step.said == "One moment."
    assert [(result.call, result.answer.text) for result in step.results] == [(a_call(), "till six")]
    assert HOURS in reply.record.passages
    assert reply.record.tool_calls == 1
    assert "tools" in reply.stages_ms


async def test_a_tool_that_the_agent_may_not_use_is_neither_offered_nor_used(clock: FrozenClock) -> None:
    tool = Counting(ToolAnswer(text="secret"))
    house = a_house(clock, tool, [a_call()], "I can't look that up.")
    house.agents = FakeAgentStore([an_agent("desk", tools=("another",))])

    text, _ = await reply_of(house)

    assert house.model.prompts[0].tools == ()
    assert tool.used == []
    assert text == APOLOGY


async def test_an_agent_that_calls_for_ever_has_to_answer_in_the_end(clock: FrozenClock) -> None:
    tool = Counting(ToolAnswer(text="nothing yet", outcome=ToolOutcome.FAILED))
    house = a_house(clock, tool, *([a_call(number)] for number in range(TOOL_STEPS)), "I could not find it.")

    text, _ = await reply_of(house)

    assert text == "I could not find it."
    assert len(tool.used) == TOOL_STEPS
    assert house.model.prompts[-1].tools == ()


async def test_of_too_many_calls_at_once_only_the_first_are_used(clock: FrozenClock) -> None:
    tool = Counting(ToolAnswer(text="done"))
    calls = [a_call(number) for number in range(TOOL_CALLS_PER_STEP + 3)]
    house = a_house(clock, tool, calls, "Done.")

    await reply_of(house)

    assert [arguments["number"] for arguments in tool.used] == list(range(TOOL_CALLS_PER_STEP))


async def test_a_hand_over_beside_a_call_wins(clock: FrozenClock) -> None:
    tool = Counting(ToolAnswer(text="done"))
    house = a_house(clock, tool, [a_call(), HandOver(target=HUMAN, reason="wanted", summary="")])

    _, reply = await reply_of(house)

    assert tool.used == []
    assert reply.hand_over is not None


async def test_a_call_ends_after_the_agents_last_words(clock: FrozenClock) -> None:
    tool = Counting(ToolAnswer(text="The call ends.", ends_call=True))
    house = a_house(clock, tool, [TextPiece(text="Goodbye!"), a_call()], "never asked")

    text, reply = await reply_of(house)

    assert text == "Goodbye!"
    assert reply.record.ends_call


async def test_an_agent_that_ends_the_call_without_a_word_is_asked_for_one(clock: FrozenClock) -> None:
    tool = Counting(ToolAnswer(text="The call ends.", ends_call=True))
    house = a_house(clock, tool, [a_call()], "Goodbye!")

    text, reply = await reply_of(house)

    assert text == "Goodbye!"
    assert reply.record.ends_call


async def test_an_agent_that_says_nothing_about_what_it_found_is_apologised_for(clock: FrozenClock) -> None:
    house = a_house(clock, Counting(ToolAnswer(text="x")), [TextPiece(text="Let me see."), a_call()], [])

    text, _ = await reply_of(house)

    assert text == f"Let me see. {APOLOGY}"


async def test_the_tokens_and_the_cost_of_every_round_are_added_up(clock: FrozenClock) -> None:
    first = TokenUsage(input_tokens=100, output_tokens=5, model="nova", cost_microusd=7)
    second = TokenUsage(input_tokens=120, output_tokens=9, model="nova", cost_microusd=9)
    house = a_house(clock, Counting(ToolAnswer(text="x")), [a_call(), first], [TextPiece(text="Found."), second])

    _, reply = await reply_of(house)

    assert reply.record.usage == TokenUsage(input_tokens=220, output_tokens=14, model="nova", cost_microusd=16)


@pytest.mark.requirement("2.2")
async def test_arguments_that_cannot_be_read_are_told_to_the_agent_and_nothing_is_done(clock: FrozenClock) -> None:
    tool = Counting(ToolAnswer(text="till six"))
    unreadable = ToolCall(id="call-1", name="look_up", arguments={}, is_readable=False)
    house = a_house(clock, tool, [unreadable], [a_call()], "Till six.")

    text, reply = await reply_of(house)

    first, second = house.model.prompts[-1].steps
    assert (text, len(tool.used), reply.record.tool_calls) == ("Till six.", 1, 2)
    assert first.results[0].answer.outcome is ToolOutcome.REFUSED
    assert second.results[0].answer.outcome is ToolOutcome.DONE


async def test_the_tokens_of_who_hands_over_count_too(clock: FrozenClock) -> None:
    hand_over = HandOver(target="invoices", reason="invoice", summary="")
    usage = TokenUsage(input_tokens=10, output_tokens=2, model="m", cost_microusd=7, cached_input_tokens=4)
    house = House(clock)
    house.agents = FakeAgentStore([an_agent("desk"), an_agent("invoices")])
    house.model = FakeLanguageModel({"desk": [[hand_over, usage]], "invoices": [[TextPiece(text="Yes?"), usage]]})

    _, reply = await reply_of(house)

    assert reply.record.usage == TokenUsage(
        input_tokens=20, output_tokens=4, model="m", cost_microusd=14, cached_input_tokens=8
    )
    assert reply.draft("Yes?").hand_overs == 1


async def test_a_hand_over_stands_although_its_tokens_never_come(clock: FrozenClock) -> None:
    hand_over = HandOver(target="invoices", reason="invoice", summary="")
    house = House(clock)
    house.agents = FakeAgentStore([an_agent("desk"), an_agent("invoices")])
    house.model = FakeLanguageModel({"desk": [[hand_over, ModelUnavailable("broke off")]], "invoices": ["Yes?"]})

    text, reply = await reply_of(house)

    assert (text, reply.agent_id) == ("Yes?", "invoices")


async def test_the_cost_of_a_turn_is_not_known_where_a_part_of_it_is_not(clock: FrozenClock) -> None:
    known = TokenUsage(input_tokens=1, output_tokens=1, cost_microusd=5)
    unknown = TokenUsage(input_tokens=1, output_tokens=1)
    house = a_house(clock, Counting(ToolAnswer(text="x")), [a_call(), known], [TextPiece(text="Yes."), unknown])

    _, reply = await reply_of(house)

    assert reply.record.usage is not None
    assert reply.record.usage.cost_microusd is None


async def test_a_caller_hears_what_was_said_before_a_tool_while_it_is_used(clock: FrozenClock) -> None:
    house = a_house(
        clock, Counting(ToolAnswer(text="till six")), [TextPiece(text="One moment."), a_call()], "Till six."
    )
    splitter, heard = SentenceSplitter(), []
    reply = house.orchestrator.reply(CONVERSATION, a_message(), is_spoken=True)

    async for chunk in reply.chunks:
        heard += [(sentence, len(house.model.prompts)) for sentence in splitter.push(chunk.text)]

    assert heard == [("One moment.", 1)]
    assert splitter.finish() == ["Till six."]


@pytest.mark.parametrize("is_spoken", [True, False])
async def test_a_turn_that_takes_too_long_ends_with_an_apology(clock: FrozenClock, *, is_spoken: bool) -> None:
    house = a_house(clock, _NeverDone(), [TextPiece(text="One moment."), a_call()])
    house.longest_turn = LongestTurn(spoken_seconds=0.05, written_seconds=0.05)
    reply = house.orchestrator.reply(CONVERSATION, a_message(), is_spoken=is_spoken)

    text = "".join([chunk.text async for chunk in reply.chunks])

    assert text.split(maxsplit=2)[2] == APOLOGY
    assert reply.draft(text).is_apology


async def test_no_tool_is_used_before_the_message_is_ours_to_answer(clock: FrozenClock) -> None:
    tool = Counting(ToolAnswer(text="till six"))
    house = a_house(clock, tool, [TextPiece(text="One moment."), a_call()], "Till six.")
    reply = house.orchestrator.reply(CONVERSATION, a_message(), is_spoken=True, is_certain=False)

    async with aclosing(reply.chunks) as chunks:
        assert (await anext(chunks)).text == "One moment."
        assert (await anext(chunks)).text == "\n"
        waiting = asyncio.ensure_future(anext(chunks))
        for _ in range(20):
            await asyncio.sleep(0)
        used_before = list(tool.used)
        reply.confirm(a_message(text="How long?"))
        after = await waiting

    assert used_before == []
    assert after.text == "Till six."
    assert len(tool.used) == 1


async def test_a_guess_that_comes_to_nothing_uses_no_tool(clock: FrozenClock) -> None:
    tool = Counting(ToolAnswer(text="till six"))
    house = a_house(clock, tool, [a_call()], "Till six.")
    reply = house.orchestrator.reply(CONVERSATION, a_message(), is_spoken=True, is_certain=False)

    waiting = asyncio.ensure_future(anext(reply.chunks))
    for _ in range(20):
        await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert tool.used == []
    assert house.model.closed == 1
