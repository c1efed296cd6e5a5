from __future__ import annotations

from shared.domain.agent import Passage
from shared.domain.tools.tool import ToolOutcome
from shared.errors import ModelUnavailable
from shared.use_cases.built_in_tools.search_knowledge import SearchKnowledge
from tests.fakes.faults import Down
from tests.fakes.language_model import FakeEmbedder
from tests.fakes.stores import FakeAgentStore
from tests.shared.use_cases.built_in_tools.using import asked_by, use
from tests.shared.use_cases.house import AGENTS

HOURS = Passage(agent_id="reception", title="Hours", text="We open at nine.", score=0)
BOOKING = Passage(agent_id="appointments", title="Booking", text="Book by phone.", score=0)
QUESTION = "When do you open?"


def knowledge(*passages: Passage) -> FakeAgentStore:
    return FakeAgentStore(AGENTS, (), tuple((passage, (1.0, 0.0)) for passage in passages))


async def test_what_is_found_is_told_with_its_titles_and_cited() -> None:
    tool = SearchKnowledge(knowledge(HOURS, BOOKING), FakeEmbedder({QUESTION: (1.0, 0.0)}))

    answer = await use(tool, asked_by("reception"), question=QUESTION)

    assert answer.outcome is ToolOutcome.DONE
    assert "1. " in answer.text
    assert all(f"{passage.title}\n{passage.text}" in answer.text for passage in (HOURS, BOOKING))
    assert {passage.title for passage in answer.passages} == {"Hours", "Booking"}


async def test_where_nothing_is_found_nothing_is_made_up() -> None:
    tool = SearchKnowledge(knowledge(), FakeEmbedder({}))

    answer = await use(tool, asked_by("reception"), question=QUESTION)

    assert "Nothing was found" in answer.text
    assert answer.passages == ()


async def test_without_an_embedder_words_are_searched() -> None:
    asked: list[object] = []

    class Words:
        async def search(self, question: str, embedding: object, **_: object) -> tuple[Passage, ...]:
            asked.append((question, embedding))
            return (HOURS,)

    for embedder in (None, Down(ModelUnavailable("down"))):
        answer = await use(SearchKnowledge(Words(), embedder), asked_by("reception"), question=QUESTION)
        assert answer.passages == (HOURS,)

    assert asked == [(QUESTION, None)] * 2
