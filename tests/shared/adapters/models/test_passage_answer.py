from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.models.passage_answer import SPOKEN, WRITTEN, PassageReader
from shared.domain.agent import Passage
from shared.errors import ModelUnavailable

HOURS = Passage(
    agent_id="reception",
    title="Opening hours",
    text="The clinic is open Monday to Saturday from 8 am to 8 pm. On Sundays it is closed. "
    "The laboratory serves patients with a referral. It starts half an hour earlier. Dr. Rao comes on Tuesdays.",
    score=0.7,
)
PARKING = Passage(agent_id="reception", title="Parking", text="Parking behind the building is free.", score=0.5)


class FailingEmbedder:
    """Is never available."""

    async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        raise ModelUnavailable("down")


async def answer(question: str, *passages: Passage, reader: PassageReader | None = None) -> str:
    return await (reader or PassageReader(None)).answer(question, passages, SPOKEN, least_closeness=0.4)


async def test_short_passage_is_the_answer() -> None:
    assert await answer("Is there parking?", PARKING) == "Parking behind the building is free."


async def test_only_the_relevant_sentence_of_a_long_passage_is_said() -> None:
    assert await answer("What about Sunday?", HOURS) == "On Sundays it is closed."


async def test_sentence_that_refers_to_the_one_before_is_said_with_it() -> None:
    text = await answer("Do you start half an hour earlier?", HOURS)

    assert text == "The laboratory serves patients with a referral. It starts half an hour earlier."


async def test_question_of_two_parts_gets_both_answers() -> None:
    text = await answer("Are you closed on Sundays, and is parking free behind the building?", HOURS, PARKING)

    assert text == "On Sundays it is closed. Parking behind the building is free."


async def test_part_without_an_answer_is_passed_over() -> None:
    text = await answer("Are you closed on Sundays, and do you sell phones?", HOURS, PARKING)

    assert text == "On Sundays it is closed."


async def test_and_inside_one_question_does_not_make_two() -> None:
    assert await answer("Parking and?", PARKING, HOURS) == PARKING.text


async def test_nothing_is_said_that_is_not_in_the_passages() -> None:
    text = await answer("Are you open on Sunday and when does the laboratory start?", HOURS, PARKING)

    rest = HOURS.text + " " + PARKING.text
    assert text
    assert all(sentence.strip(" .") in rest for sentence in text.split(". "))


async def test_written_answers_may_be_longer_than_spoken_ones() -> None:
    fruit = Passage(
        agent_id="", title="Fruit", text="We sell red apples. We sell red pears. We sell red plums.", score=1
    )
    reader = PassageReader(None)

    spoken = await reader.answer("Which red ones?", [fruit], SPOKEN, least_closeness=0.4)
    written = await reader.answer("Which red ones?", [fruit], WRITTEN, least_closeness=0.4)

    assert spoken == "We sell red apples. We sell red pears."
    assert written == fruit.text


async def test_common_words_serve_when_the_embedder_is_down() -> None:
    reader = PassageReader(FailingEmbedder())

    assert await answer("What about Sunday?", HOURS, reader=reader) == "On Sundays it is closed."
