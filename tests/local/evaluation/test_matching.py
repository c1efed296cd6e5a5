"""Every difference between what was seen and what was expected is told; what fits is not."""

from __future__ import annotations

from typing import Any

import pytest

from local.evaluation.matching import differences, missing_events, words_missing
from local.evaluation.observation import Observation, SpokenAnswer
from local.evaluation.scenario import Event, Expected, HistoryTurn, Words

ANSWER: dict[str, Any] = {
    "id": "2",
    "speaker": "agent",
    "text": "It costs 600 rupees.",
    "agent_id": "billing",
    "route_reason": "rule",
    "route_detail": "billing-words",
    "interrupted": False,
    "citations": [{"title": "Fees"}],
}
QUESTION: dict[str, Any] = {"id": "1", "speaker": "user", "text": "What is the fee?", "unanswered_because": None}
SEEN = Observation(
    elapsed_seconds=2,
    texts=[ANSWER["text"]],
    kinds=["text"],
    answers=[ANSWER],
    question=QUESTION,
    history=[QUESTION, ANSWER],
    conversation={"status": "open", "opted_out": False, "needs_attention": False},
    tools=["look_up_bill"],
    spoken=SpokenAnswer(first_audio_ms=900, silent_after_ms=300),
    heard="it costs six hundred rupees",
    call_is_over=False,
    call_ended_after_seconds=2.0,
    response=(201, '{"ok": true}'),
)


@pytest.mark.parametrize(
    "expected",
    [
        Expected(reply=Words(contains=("600 RUPEES",), any_of=("x", "costs"), none_of=("dollar",), matches=r"\d+")),
        Expected(reply=Words(is_exactly="It costs 600 rupees.")),
        Expected(heard=Words(contains=("six hundred",)), understood=Words(contains=("fee",))),
        Expected(within_seconds=3, replies=1, most_replies=2, kind="text"),
        Expected(agent="billing", not_agent="reception", route_reason="rule", route_detail="billing", cites=("Fees",)),
        Expected(status="open", opted_out=False, needs_attention=False, tools=("look_up_bill",)),
        Expected(history=(HistoryTurn(speaker="user"), HistoryTurn(speaker="agent", agent="billing"))),
        Expected(first_audio_within_ms=900, silent_within_ms=300, call_ended_within_seconds=2, call_goes_on=True),
        Expected(answer=Words(contains=("ok",)), answer_status=201),
    ],
)
def test_what_fits_is_no_difference(expected: Expected) -> None:
    assert differences(expected, SEEN) == []


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        (Expected(reply=Words(contains=("700",))), "does not contain '700'"),
        (Expected(reply=Words(none_of=("600",))), "contains '600'"),
        (Expected(reply=Words(any_of=("x", "y"))), "none of 'x', 'y'"),
        (Expected(reply=Words(matches="^600")), "does not match"),
        (Expected(reply=Words(is_exactly="600")), "is not '600'"),
        (Expected(heard=Words(contains=("700",))), "what was heard"),
        (Expected(understood=Words(contains=("bill",))), "what was understood"),
        (Expected(within_seconds=1), "took 2.0 s"),
        (Expected(no_reply_seconds=1), "there was an answer"),
        (Expected(replies=2), "1 messages answered"),
        (Expected(kind="audio"), "no message of kind audio"),
        (Expected(agent="reception"), "billing answered, not reception"),
        (Expected(not_agent="billing"), "billing answered"),
        (Expected(route_reason="sticky"), "not sticky"),
        (Expected(route_detail="other"), "'billing-words', not 'other'"),
        (Expected(cites=("Refunds",)), "'Refunds' is not cited"),
        (Expected(status="human"), "status is 'open'"),
        (Expected(unanswered="human"), "unanswered because of None"),
        (Expected(tools=()), "tools used were"),
        (Expected(history=(HistoryTurn(speaker="agent"), HistoryTurn(speaker="user"))), "the history lacks"),
        (Expected(history=(HistoryTurn(speaker="agent", interrupted=True),)), "the history lacks"),
        (Expected(not_in_history=("FEE",)), "the history holds"),
        (Expected(first_audio_within_ms=899), "first sound came after 900 ms"),
        (Expected(silent_within_ms=299), "fell silent after 300 ms"),
        (Expected(call_ended_within_seconds=1), "ended the call after 2.0 s"),
        (Expected(answer_status=200), "the API answered"),
    ],
)
def test_every_difference_is_told(expected: Expected, told: str) -> None:
    (problem,) = differences(expected, SEEN)

    assert told in problem


def test_silence_fails_whoever_waits_for_an_answer() -> None:
    seen = Observation(missing=("no answer came within 20 s",))

    assert differences(Expected(), seen) == ["no answer came within 20 s"]


def test_agent_that_never_fell_silent_is_told() -> None:
    (problem,) = differences(Expected(silent_within_ms=500), Observation(spoken=SpokenAnswer(first_audio_ms=1)))

    assert "after None ms" in problem


def test_long_texts_are_shown_shortened() -> None:
    (problem,) = words_missing(Words(contains=("x",)), "y" * 5000, what="it")

    assert len(problem) < 400


def test_event_needs_its_type_and_its_data() -> None:
    told = [{"type": "agent.changed", "data": {"from": "a", "to": "b"}}]

    assert missing_events((Event(type="agent.changed", data={"to": "b"}),), told) == []
    assert len(missing_events((Event(type="agent.changed", data={"to": "c"}), Event(type="other")), told)) == 2
