"""What is lost and what is doubled, by the provider's list and the database."""

from __future__ import annotations

import pytest

from local.drill.notes import SentReply, WrittenMessage
from local.drill.verdict import StoredCall, StoredQuestion, judge_calls, judge_messages


def written(*, is_accepted: bool = True) -> WrittenMessage:
    return WrittenMessage(
        token="t000001",
        message_id="wamid.1",
        user="919810000000",
        written_at=1.0,
        accepted_at=2.0 if is_accepted else None,
    )


def stored(*, state: str = "done", reply: str | None = "reply.1") -> StoredQuestion:
    return StoredQuestion(message_id="wamid.1", state=state, reply=reply, status="read")


def sent(*, provider_id: str = "reply.1", token: str | None = "t000001") -> SentReply:
    return SentReply(at=3.0, provider_id=provider_id, token=token)


def test_a_message_that_was_answered_once_is_neither_lost_nor_doubled() -> None:
    verdict = judge_messages([written()], [sent()], [stored()])

    assert (verdict.lost, verdict.doubled) == ({}, {})


def test_a_reply_whose_words_name_no_question_belongs_to_what_the_database_says() -> None:
    verdict = judge_messages([written()], [sent(token=None)], [stored()])

    assert (verdict.lost, verdict.doubled) == ({}, {})


@pytest.mark.parametrize(
    ("replies", "questions"),
    [
        ([sent()], []),
        ([sent()], [stored(state="processing")]),
        ([], [stored()]),
        ([], [stored(reply=None)]),
    ],
)
def test_an_accepted_message_without_its_reply_is_lost(
    replies: list[SentReply], questions: list[StoredQuestion]
) -> None:
    assert judge_messages([written()], replies, questions).lost.keys() == {"t000001"}


def test_what_was_never_accepted_is_not_lost() -> None:
    assert judge_messages([written(is_accepted=False)], [], []).lost == {}


def test_a_reply_that_the_provider_took_twice_is_doubled() -> None:
    verdict = judge_messages([written()], [sent(), sent(provider_id="reply.2")], [stored()])

    assert verdict.doubled.keys() == {"t000001"}


def test_a_message_that_is_stored_or_answered_twice_is_doubled() -> None:
    verdict = judge_messages([written()], [sent()], [stored(), stored(reply="reply.2")])

    assert verdict.doubled.keys() == {"t000001"}


def test_a_reply_to_nothing_is_doubled() -> None:
    verdict = judge_messages([written()], [sent(), sent(provider_id="reply.9", token=None)], [stored()])

    assert verdict.doubled.keys() == {"reply.9"}


@pytest.mark.parametrize("state", ["ended", "failed"])
def test_a_call_that_is_known_to_be_over_is_well(state: str) -> None:
    call = StoredCall(call_sid="CA1", state=state, questions=2)

    verdict = judge_calls([call], {"CA1": 3})

    assert (verdict.lost, verdict.doubled) == ({}, {})


@pytest.mark.parametrize("state", ["ringing", "live"])
def test_a_call_whose_record_stays_open_is_lost(state: str) -> None:
    call = StoredCall(call_sid="CA1", state=state, questions=2)

    assert judge_calls([call], {"CA1": 3}).lost.keys() == {"CA1"}


def test_a_call_with_more_questions_than_were_spoken_is_doubled() -> None:
    call = StoredCall(call_sid="CA1", state="ended", questions=4)

    assert judge_calls([call], {"CA1": 3}).doubled.keys() == {"CA1"}
