"""Which passages a reply rests on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.agent import Citation, Passage
from shared.domain.knowledge.citation import cited

HOURS = Passage(
    agent_id="a",
    id="hours",
    document_id="d",
    title="Opening hours",
    text="We are open Monday to Friday from 8 am to 8 pm. On Saturday we are open from 9 am to 2 pm.",
    score=0.9,
)
FEES = Passage(
    agent_id="a",
    id="fees",
    title="Consultation fee",
    text="A consultation with a family doctor costs 600 rupees. The fee of a specialist is 900 rupees.",
    score=0.5,
)
HINDI = Passage(
    agent_id="a", id="hindi", title="फ़ीस", text="फ़ैमिली डॉक्टर की फ़ीस 600 रुपये है। विशेषज्ञ की फ़ीस 900 रुपये है।", score=0.5
)
TAMIL = Passage(agent_id="a", id="tamil", title="நேரம்", text="மருத்துவமனை காலை எட்டு மணிக்கு திறக்கும்.", score=0.5)
ALL = (HOURS, FEES, HINDI, TAMIL)


def ids(reply: str, *passages: Passage) -> list[str]:
    return [citation.passage_id for citation in cited(reply, passages or ALL)]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("We are open Monday to Friday from 8 am to 8 pm.", ["hours"]),
        ("Sure! On Saturdays we're open from 9 am to 2 pm. See you!", ["hours"]),
        ("A family doctor's consultation costs 600 rupees.", ["fees"]),
        ("Family doctor consultation: 600 rupees. We are open Monday to Friday, 8 am to 8 pm.", ["hours", "fees"]),
        ("फैमिली डॉक्टर की फीस 600 रुपये है।", ["hindi"]),
        ("மருத்துவமனை காலை எட்டு மணிக்கு திறக்கும்", ["tamil"]),
        ("शनिवार को हम 9 बजे से 2 बजे तक खुले हैं।", ["hours"]),
    ],
)
def test_a_passage_is_cited_where_the_reply_says_what_it_says(reply: str, expected: list[str]) -> None:
    assert ids(reply) == expected


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "Hello! How can I help you?",
        "I'm sorry, I don't have that information. I can help you with fees and opening hours.",
        "Which doctor would you like to see on Monday?",
        "Your bill INV-1042 of 8 March is paid.",
        "माफ़ कीजिए, इसका जवाब मेरे पास नहीं है।",
    ],
)
def test_what_rests_on_nothing_cites_nothing(reply: str) -> None:
    assert ids(reply) == []


def test_a_citation_names_what_is_needed_to_find_it_again() -> None:
    assert cited(HOURS.text, [HOURS]) == (Citation(passage_id="hours", title="Opening hours", document_id="d"),)


def test_a_passage_shown_twice_is_cited_once() -> None:
    assert ids(HOURS.text, HOURS, HOURS) == ["hours"]


def test_a_passage_that_nobody_can_find_again_is_not_cited() -> None:
    nameless = Passage(agent_id="a", title=HOURS.title, text=HOURS.text, score=0.9)

    assert ids(HOURS.text, nameless) == []


def test_an_interrupted_reply_cites_what_was_heard() -> None:
    assert ids("We are open Monday to Friday from 8 am", HOURS, FEES) == ["hours"]


@given(st.text(max_size=200))
def test_whoever_quotes_a_passage_cites_it_or_it_says_too_little(text: str) -> None:
    passage = Passage(agent_id="a", id="x", title="T", text=text, score=1)

    assert ids(text, passage) in ([], ["x"])
