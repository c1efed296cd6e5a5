"""Who answers, what is said when somebody hands over, and what happens when something is down."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace

import pytest

from shared import tracing
from shared.domain.agent import HUMAN, ActiveAgent, Citation, Passage, RouteReason, RuleKind
from shared.domain.conversation import Conversation, ConversationKey, Speaker, Turn
from shared.domain.hand_over import HAND_OVERS_PER_TURN
from shared.domain.message import InboundMessage
from shared.domain.prompt import HandOver, TextPiece, TokenUsage
from shared.errors import ModelUnavailable, StoreUnavailable
from shared.use_cases.orchestrator import (
    APOLOGY,
    NOBODY,
    NUMBER_IS_HIDDEN,
    PERSON_WILL_CALL_BACK,
    PERSON_WILL_SPEAK,
    PERSON_WILL_WRITE,
    Reply,
)
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Down
from tests.fakes.language_model import FakeEmbedder, FakeLanguageModel
from tests.fakes.stores import FakeAgentStore
from tests.samples import a_message
from tests.shared.use_cases.house import AGENTS, QUESTION_ABOUT_BOOKING, House, a_rule, an_agent
from tests.traces import traced

CONVERSATION = Conversation(id="c1", key=ConversationKey(channel="whatsapp", user_id="919800000001"))


@pytest.fixture
def house(clock: FrozenClock) -> House:
    return House(clock)


def hand_over(target: str) -> HandOver:
    return HandOver(target=target, reason="A question about money", summary="Wants a copy.")


async def reply_to(
    house: House, message: InboundMessage, *, is_spoken: bool = False, conversation: Conversation = CONVERSATION
) -> tuple[str, Reply]:
    reply = house.orchestrator.reply(conversation, message, is_spoken=is_spoken)
    text = "".join([chunk.text async for chunk in reply.chunks])
    await house.orchestrator.keep_active(conversation, reply)
    return text, reply


async def test_nothing_is_read_or_asked_before_the_first_chunk_is_wanted(house: House) -> None:
    reply = house.orchestrator.reply(CONVERSATION, a_message(), is_spoken=False)

    assert house.faults.calls == []
    await reply.chunks.aclose()


@pytest.mark.requirement("3.1")
async def test_the_agent_that_a_rule_names_answers(house: House) -> None:
    text, reply = await reply_to(house, a_message(text="A copy of my invoice, please"))

    assert text == "Answer 1."
    assert reply.agent_id == "billing"
    assert reply.route is not None
    assert reply.route.reason is RouteReason.RULE


@pytest.mark.requirement("3.1")
async def test_the_agent_whose_knowledge_is_nearest_in_meaning_answers_and_is_given_it(house: House) -> None:
    _, reply = await reply_to(house, a_message(text=QUESTION_ABOUT_BOOKING))

    assert reply.agent_id == "appointments"
    assert reply.route is not None
    assert reply.route.reason is RouteReason.MEANING
    assert [passage.text for passage in house.model.prompts[0].passages] == ["Book by phone."]


async def test_the_draft_cites_what_was_shown_and_said(house: House) -> None:
    shown = Passage(agent_id="appointments", id="p-1", title="Booking", text="Book by phone before noon.", score=0)
    house.agents.knowledge = [(shown, (1.0, 0.0))]
    _, reply = await reply_to(house, a_message(text=QUESTION_ABOUT_BOOKING))

    assert reply.draft("Hello!").citations == ()
    assert reply.draft("Please book by phone, before noon.").citations == (Citation(passage_id="p-1", title="Booking"),)


@pytest.mark.requirement("3.2")
async def test_the_agent_who_served_goes_on_with_what_no_rule_claims(house: House) -> None:
    await reply_to(house, a_message(text="my invoice"))

    _, reply = await reply_to(house, a_message(text="and the other one?"))

    assert reply.agent_id == "billing"
    assert reply.route is not None
    assert reply.route.reason is RouteReason.STICKY


async def test_the_agent_who_serves_is_noted_with_its_version_and_time(house: House, clock: FrozenClock) -> None:
    house.agents = FakeAgentStore([an_agent("reception", version=3)])

    await reply_to(house, a_message())

    assert await house.active.load(CONVERSATION.key) == ActiveAgent(
        agent_id="reception", agent_version=3, since=clock(), version=1
    )


@pytest.mark.requirement("3.2")
async def test_a_hand_over_between_agents_reads_as_one_reply(house: House) -> None:
    house.model = FakeLanguageModel(
        {
            "reception": [[TextPiece(text="One moment."), hand_over("billing"), TextPiece(text="never said")]],
            "billing": [[TextPiece(text="Your invoice"), TextPiece(text=" is ready.")]],
        }
    )

    reply = house.orchestrator.reply(CONVERSATION, a_message(), is_spoken=False)
    chunks = [chunk async for chunk in reply.chunks]

    assert "".join(chunk.text for chunk in chunks) == "One moment. Your invoice is ready."
    assert [chunk.agent_id for chunk in chunks] == ["reception", "billing", "billing"]
    assert reply.agent_id == "billing"
    assert reply.hand_over == hand_over("billing")
    assert reply.route is not None
    assert (reply.route.agent_id, reply.route.reason) == ("billing", RouteReason.HANDED_OVER)
    assert reply.route.detail == "from reception: A question about money. Wants a copy"


@pytest.mark.requirement("3.2")
async def test_the_agent_who_took_over_serves_the_next_turn_too(house: House) -> None:
    house.model = FakeLanguageModel({"reception": [[hand_over("billing")]], "billing": ["Yes."]})
    await reply_to(house, a_message())

    _, reply = await reply_to(house, a_message(text="thanks"))

    assert house.model.asked == ["reception", "billing", "billing"]
    assert reply.agent_id == "billing"


async def test_words_of_two_speakers_never_run_together_and_get_no_second_space(house: House) -> None:
    house.model = FakeLanguageModel(
        {
            "reception": [[TextPiece(text="Sure. "), hand_over("billing")]],
            "billing": [[TextPiece(text=" "), TextPiece(text="It is paid."), hand_over(HUMAN)]],
        }
    )

    text, _ = await reply_to(house, a_message())

    assert " ".join(text.split()) == f"Sure. It is paid. {PERSON_WILL_WRITE}"
    assert f"paid. {PERSON_WILL_WRITE}" in text


async def test_an_agent_is_not_offered_who_had_the_question_already(house: House) -> None:
    house.model = FakeLanguageModel({"reception": [[hand_over("billing")]]})

    await reply_to(house, a_message())

    offered = [{colleague.id for colleague in prompt.colleagues} for prompt in house.model.prompts]
    assert offered == [{"appointments", "billing", HUMAN}, {"appointments", HUMAN}]


async def test_each_agent_of_a_turn_has_a_span_that_ends_with_its_words(house: House) -> None:
    house.model = FakeLanguageModel(
        {"reception": [[hand_over("billing"), TextPiece(text="never said")]], "billing": [[TextPiece(text="It is.")]]}
    )

    with traced() as traces, tracing.span("turn"):
        await reply_to(house, a_message())

    first, second = traces.named("agent")
    assert traces.open == []
    assert [span.attributes["agent_id"] for span in (first, second)] == ["reception", "billing"]
    assert ([event.name for event in first.events], second.events) == (["handed_over"], ())
    assert first.ended_ns <= second.started_ns
    assert first.parent_id == second.parent_id == traces.only("turn").span_id


async def test_a_reply_that_is_given_up_leaves_no_span_open(house: House) -> None:
    with traced() as traces, tracing.span("turn"):
        reply = house.orchestrator.reply(CONVERSATION, a_message(), is_spoken=True)
        async with aclosing(reply.chunks) as chunks:
            await anext(chunks)

    assert traces.open == []


@pytest.mark.parametrize("target", ["reception", "billing", "nobody"])
async def test_a_hand_over_back_or_to_nobody_goes_to_a_person(house: House, target: str) -> None:
    house.model = FakeLanguageModel({"reception": [[hand_over("billing")]], "billing": [[hand_over(target)]]})

    text, reply = await reply_to(house, a_message())

    assert house.model.asked == ["reception", "billing"]
    assert text == PERSON_WILL_WRITE
    assert reply.hand_over is not None
    assert reply.hand_over.target == HUMAN


async def test_after_several_hand_overs_only_a_person_is_left(house: House) -> None:
    names = [f"agent{number}" for number in range(HAND_OVERS_PER_TURN + 3)]
    scripts = {name: [[hand_over(following)]] for name, following in zip(names, [*names[1:], "none"], strict=True)}
    house.model = FakeLanguageModel(scripts)
    house.agents = FakeAgentStore([an_agent(name) for name in names])

    text, reply = await reply_to(house, a_message())

    assert house.model.asked == names[: HAND_OVERS_PER_TURN + 1]
    assert [colleague.id for colleague in house.model.prompts[-1].colleagues] == [HUMAN]
    assert text == PERSON_WILL_WRITE
    assert reply.agent_id == names[HAND_OVERS_PER_TURN]


@pytest.mark.parametrize(
    ("is_spoken", "can_transfer", "announcement"),
    [
        (False, False, PERSON_WILL_WRITE),
        (False, True, PERSON_WILL_WRITE),
        (True, True, PERSON_WILL_SPEAK),
        (True, False, PERSON_WILL_CALL_BACK),
    ],
)
async def test_a_person_is_announced_as_the_channel_allows(
    house: House, announcement: str, *, is_spoken: bool, can_transfer: bool
) -> None:
    house.can_transfer_calls = can_transfer
    house.model = FakeLanguageModel({"reception": [[hand_over(HUMAN)]]})

    text, reply = await reply_to(house, a_message(), is_spoken=is_spoken)

    assert text == announcement
    assert reply.agent_id == "reception"
    assert reply.route is not None
    assert (reply.route.agent_id, reply.route.reason) == (HUMAN, RouteReason.HANDED_OVER)
    assert reply.route.detail == "from reception: A question about money. Wants a copy"


async def test_nobody_is_promised_a_call_to_a_number_that_is_hidden(house: House) -> None:
    house.model = FakeLanguageModel({"reception": [[hand_over(HUMAN)]]})

    text, _ = await reply_to(house, a_message(channel="voice", user_id="anonymous"), is_spoken=True)

    assert text == NUMBER_IS_HIDDEN


async def test_the_tokens_of_all_who_spoke_are_added_up(house: House) -> None:
    usage = TokenUsage(input_tokens=100, output_tokens=7)
    house.model = FakeLanguageModel(
        {"reception": [[hand_over("billing")]], "billing": [[TextPiece(text="Yes."), usage, usage]]}
    )

    text, reply = await reply_to(house, a_message())

    assert text == "Yes."
    assert reply.record.usage == TokenUsage(input_tokens=200, output_tokens=14)


async def test_a_model_that_is_down_is_apologised_for(house: House) -> None:
    house.model = FakeLanguageModel({"reception": [[ModelUnavailable("no answer")]]})

    text, reply = await reply_to(house, a_message())

    assert text == APOLOGY
    assert reply.agent_id == "reception"


async def test_a_model_that_breaks_off_is_apologised_for_in_a_sentence_of_its_own(house: House) -> None:
    house.model = FakeLanguageModel({"reception": [[TextPiece(text="We open at"), ModelUnavailable("lost")]]})

    text, _ = await reply_to(house, a_message())

    assert text == f"We open at {APOLOGY}"


@pytest.mark.parametrize("pieces", [[], [TextPiece(text=""), TextPiece(text=" \n")]])
async def test_a_model_that_says_nothing_is_apologised_for(house: House, pieces: list[TextPiece]) -> None:
    house.model = FakeLanguageModel({"reception": [[*pieces, TokenUsage(input_tokens=1, output_tokens=0)]]})

    text, _ = await reply_to(house, a_message())

    assert text.strip() == APOLOGY


async def test_without_the_embedder_an_agent_still_answers(house: House) -> None:
    house.embedder = Down(ModelUnavailable("no embeddings"))

    text, reply = await reply_to(house, a_message(text=QUESTION_ABOUT_BOOKING))

    assert text == "Answer 1."
    assert reply.agent_id == "reception"
    assert house.model.prompts[0].passages == ()


async def test_without_the_cache_an_agent_still_answers(house: House) -> None:
    house.active = Down(StoreUnavailable("no cache"))

    text, reply = await reply_to(house, a_message(text="invoice"))

    assert text == "Answer 1."
    assert reply.agent_id == "billing"


async def test_without_the_agents_of_the_business_the_message_is_left_for_later(house: House) -> None:
    house.agents = Down(StoreUnavailable("no database"))

    with pytest.raises(StoreUnavailable):
        await reply_to(house, a_message())


async def test_without_any_agent_the_user_is_told_so(house: House) -> None:
    house.agents = FakeAgentStore()

    text, reply = await reply_to(house, a_message())

    assert text == NOBODY
    assert reply.draft(text).agent_id is None


async def test_a_reply_that_is_broken_off_stops_the_model(house: House) -> None:
    house.model = FakeLanguageModel({"reception": [[TextPiece(text="We "), TextPiece(text="open at nine.")]]})
    reply = house.orchestrator.reply(CONVERSATION, a_message(), is_spoken=True)

    async with aclosing(reply.chunks) as chunks:
        first = await anext(chunks)

    assert first.text == "We "
    assert house.model.closed == 1


async def test_a_hand_over_stops_the_model_of_the_giver(house: House) -> None:
    house.model = FakeLanguageModel({"reception": [[hand_over("billing"), TextPiece(text="more")]]})
    reply = house.orchestrator.reply(CONVERSATION, a_message(), is_spoken=True)

    async with aclosing(reply.chunks) as chunks:
        await anext(chunks)
        assert house.model.closed == 1

    assert house.model.closed == 2


async def test_the_draft_says_how_long_routing_and_the_first_piece_took(house: House) -> None:
    text, reply = await reply_to(house, a_message())

    assert reply.draft(text).stages_ms.keys() == {"routing", "model_first_piece", "model"}


async def test_the_greeter_is_the_agent_whom_a_rule_of_the_channel_names(house: House) -> None:
    house.agents = FakeAgentStore(AGENTS, [a_rule("voice", "appointments", kind=RuleKind.CHANNEL)])

    greeter = await house.orchestrator.greeter(CONVERSATION, a_message(channel="voice", text=""))

    assert greeter is not None
    assert greeter.id == "appointments"


async def test_without_agents_nobody_greets(house: House) -> None:
    house.agents = FakeAgentStore()

    assert await house.orchestrator.greeter(CONVERSATION, a_message(channel="voice", text="")) is None


async def test_a_question_that_goes_on_is_searched_for_with_the_one_before(house: House) -> None:
    before = Turn(speaker=Speaker.USER, text=QUESTION_ABOUT_BOOKING, at=house.clock())
    conversation = replace(CONVERSATION, turns=(before,))
    house.embedder = FakeEmbedder({f"{QUESTION_ABOUT_BOOKING} And on Sunday?": (1.0, 0.0)})

    _, reply = await reply_to(house, a_message(text="And on Sunday?"), conversation=conversation)

    assert reply.route is not None
    assert reply.route.reason is RouteReason.MEANING


async def test_a_question_of_its_own_is_searched_for_alone(house: House) -> None:
    before = Turn(speaker=Speaker.USER, text="Where do I park?", at=house.clock())
    conversation = replace(CONVERSATION, turns=(before,))

    _, reply = await reply_to(house, a_message(text=QUESTION_ABOUT_BOOKING), conversation=conversation)

    assert reply.route is not None
    assert reply.route.reason is RouteReason.MEANING
