from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.adapters.models.local import LocalModel
from shared.adapters.models.minilm import MiniLMEmbedder
from shared.domain.agent import HUMAN, AgentProfile, Passage
from shared.domain.conversation import Speaker, Turn
from shared.domain.prompt import Colleague, HandOver, ModelPiece, Prompt, TextPiece, TokenUsage

RECEPTION = AgentProfile(
    id="reception",
    name="Asha",
    description="Answers questions about opening hours, address and doctors.",
    instructions="",
    greeting="Namaste, this is Asha at the City Clinic.",
)
BILLING = Colleague(id="billing", description="Explains fees, bills and refunds.")
PERSON = Colleague(id=HUMAN, description="a person of the team")
HOURS = Passage(agent_id="reception", title="Hours", text="We are open from 8 am to 8 pm.", score=0.7)
FEES = Passage(agent_id="billing", title="Fees", text="A consultation costs 600 rupees.", score=0.7)
OFFER = "I'm sorry, I don't have that information. Shall I connect you with a colleague?"


def prompt(question: str, *passages: Passage, turns: tuple[Turn, ...] = (), spoken: bool = True) -> Prompt:
    return Prompt(
        agent=RECEPTION,
        system="the system prompt",
        turns=turns,
        question=question,
        passages=passages,
        colleagues=(BILLING, PERSON),
        spoken=spoken,
    )


def turn(speaker: Speaker, text: str) -> Turn:
    return Turn(speaker=speaker, text=text, at=datetime(2026, 1, 1, tzinfo=UTC))


async def pieces_of(asked: Prompt, model: LocalModel | None = None) -> list[ModelPiece]:
    return [piece async for piece in (model or LocalModel()).stream(asked)]


async def text_of(asked: Prompt) -> str:
    return "".join(piece.text for piece in await pieces_of(asked) if isinstance(piece, TextPiece))


async def hand_over_of(asked: Prompt, model: LocalModel | None = None) -> HandOver:
    (piece,) = await pieces_of(asked, model)
    assert isinstance(piece, HandOver)
    return piece


async def test_answer_is_the_passage() -> None:
    assert await text_of(prompt("When are you open?", HOURS)) == HOURS.text


async def test_answer_comes_in_words_and_ends_with_its_usage() -> None:
    *words, usage = await pieces_of(prompt("When are you open?", HOURS))

    assert len(words) == 9
    assert isinstance(usage, TokenUsage)
    assert usage.output_tokens == len(HOURS.text) // 4


async def test_weak_passage_is_not_an_answer() -> None:
    text = await text_of(prompt("Do you sell phones?", replace(HOURS, score=0.39)))

    assert text == (
        "I'm sorry, I don't have that information. I can help you with opening hours, address and doctors. "
        "Shall I connect you with a colleague?"
    )


async def test_threshold_is_the_agents_own() -> None:
    asked = prompt("When are you open?", replace(HOURS, score=0.3))

    assert await text_of(replace(asked, agent=replace(RECEPTION, answer_threshold=0.25))) == HOURS.text


async def test_question_in_a_colleagues_field_is_handed_over() -> None:
    hand_over = await hand_over_of(prompt("What does it cost?", FEES, replace(HOURS, score=0.5)))

    assert hand_over.target == "billing"
    assert hand_over.summary == "The user said: What does it cost?"


async def test_question_that_both_can_answer_stays_with_the_agent() -> None:
    assert await text_of(prompt("When are you open?", FEES, replace(HOURS, score=0.65))) == HOURS.text


async def test_question_close_to_a_colleagues_description_is_handed_over() -> None:
    hand_over = await hand_over_of(prompt("bills refunds fees"))

    assert hand_over.target == "billing"


async def test_nobody_is_handed_the_question_back() -> None:
    asked = replace(prompt("What does it cost?", FEES), colleagues=(PERSON,))

    assert await text_of(asked) == FEES.text


async def test_person_is_fetched_for_who_asks_for_one() -> None:
    turns = (turn(Speaker.USER, "My bill is wrong"), turn(Speaker.AGENT, "I see."))

    hand_over = await hand_over_of(prompt("Let me talk to a human", turns=turns))

    assert hand_over.target == HUMAN
    assert hand_over.summary == "The user said: My bill is wrong"


@pytest.mark.parametrize("offer", [OFFER, "I'm sorry. Shall I connect you"])
async def test_yes_to_our_offer_fetches_a_person(offer: str) -> None:
    turns = (turn(Speaker.USER, "Do you sell phones?"), turn(Speaker.AGENT, offer))

    hand_over = await hand_over_of(prompt("Yes please", turns=turns))

    assert hand_over.target == HUMAN
    assert hand_over.summary == "The user said: Do you sell phones?"


async def test_yes_to_an_older_offer_fetches_nobody() -> None:
    turns = (turn(Speaker.AGENT, OFFER), turn(Speaker.USER, "When are you open?"), turn(Speaker.AGENT, HOURS.text))

    assert await text_of(prompt("Yes", turns=turns)) == "How can I help you?"


async def test_no_to_our_offer_goes_on() -> None:
    assert "What else" in await text_of(prompt("No", turns=(turn(Speaker.AGENT, OFFER),)))


async def test_missing_person_is_admitted() -> None:
    asked = replace(prompt("Give me a human"), colleagues=(BILLING,))

    assert "can't reach a colleague" in await text_of(asked)


async def test_first_hello_is_answered_with_the_agents_greeting_and_later_ones_shortly() -> None:
    first = await text_of(prompt("Hello"))
    later = await text_of(prompt("Hello?", turns=(turn(Speaker.AGENT, "Namaste!"),)))

    assert first == RECEPTION.greeting
    assert later == "Hello! How can I help you?"


async def test_it_admits_to_be_a_machine() -> None:
    assert "AI assistant, not a person" in await text_of(prompt("Are you a robot?", HOURS))


async def test_anger_is_met_with_an_offer_that_can_be_accepted() -> None:
    calmed = await text_of(prompt("You are useless!"))

    said = (turn(Speaker.USER, "You are useless!"), turn(Speaker.AGENT, calmed))
    assert calmed.startswith("I'm sorry")
    assert (await hand_over_of(prompt("Yes", turns=said))).target == HUMAN


async def test_last_words_are_repeated_on_request() -> None:
    turns = (turn(Speaker.AGENT, "We open at 8."), turn(Speaker.SYSTEM, "a note"))

    assert await text_of(prompt("Could you repeat that?", turns=turns)) == "I said: We open at 8."


async def test_hindi_question_is_declined_in_hindi_in_letters_the_channel_can_carry() -> None:
    question = "क्या आप फ़ोन बेचते हैं"

    written = await text_of(prompt(question, spoken=False))
    spoken = await text_of(prompt(question, spoken=True))

    assert written.startswith("माफ़ कीजिए")
    assert spoken.isascii()
    assert spoken.startswith("Maaf kijiye")


@pytest.mark.parametrize("answer", ["हाँ", "haan ji"])
async def test_offer_made_in_hindi_can_be_accepted_in_hindi(answer: str) -> None:
    offer = await text_of(prompt("kya aap phone bechte hain"))

    hand_over = await hand_over_of(prompt(answer, turns=(turn(Speaker.AGENT, offer),)))

    assert hand_over.target == HUMAN


@pytest.mark.parametrize(
    ("description", "sentence"),
    [
        ("Explains fees and bills.", "I can help you with fees and bills."),
        ("Books and moves appointments.", "My desk books and moves appointments."),
        ("Your guide to the city", "This is what I can do: Your guide to the city."),
        ("", "I can answer simple questions."),
    ],
)
async def test_description_of_any_form_makes_a_sentence(description: str, sentence: str) -> None:
    agent = replace(RECEPTION, description=description)

    text = await text_of(replace(prompt("What can you do?"), agent=agent))

    assert text == f"{sentence} What would you like to know?"


class CountingEmbedder:
    """Counts what it is asked."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        self.texts += texts
        return [(1.0, 0.0) for _ in texts]


async def test_small_talk_costs_no_embedding() -> None:
    embedder = CountingEmbedder()

    await pieces_of(prompt("Thank you!", HOURS), LocalModel(embedder))

    assert embedder.texts == []


@pytest.mark.integration
async def test_meaning_finds_the_sentence_where_no_word_is_the_same() -> None:
    text = (
        "Dr. Mehta treats heart disease. The pharmacy on the ground floor sells medicine on prescription. "
        "There is free parking behind the building. Our address is 12 MG Road."
    )
    passage = Passage(agent_id="reception", title="The building", text=text, score=0.6)

    pieces = await pieces_of(prompt("Where can I leave my car?", passage), LocalModel(MiniLMEmbedder()))

    answer = "".join(piece.text for piece in pieces if isinstance(piece, TextPiece))
    assert "There is free parking behind the building." in answer
    assert "Dr. Mehta" not in answer
