from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.call import Call, CallDirection, CallState
from shared.domain.call_back import (
    TRIES,
    CallBack,
    NextStep,
    WhoRings,
    call_back_note,
    is_called_back,
    is_too_early,
    is_too_late,
    next_step,
    phone_number_of,
    read_moment,
)
from tests.samples import NOON

KOLKATA = ZoneInfo("Asia/Kolkata")


def moment(when: str) -> datetime | None:
    return read_moment(when, zone=KOLKATA, now=NOON)


def a_promise(**given: Any) -> CallBack:
    values: dict[str, Any] = {
        "id": "1",
        "conversation_id": "c",
        "wanted": WhoRings.AGENT,
        "agent_id": "reception",
        "phone_number": "919800000001",
        "about": "The bill.",
        "due_at": NOON,
        "attempts": 1,
    }
    return CallBack(**{**values, **given})


def a_call(**given: Any) -> Call:
    values: dict[str, Any] = {
        "call_sid": "CA1",
        "conversation_id": "c",
        "caller_id": "919800000001",
        "business_id": "918000000000",
        "direction": CallDirection.OUTBOUND,
        "state": CallState.LIVE,
        "started_at": NOON,
    }
    return Call(**{**values, **given})


def test_a_time_without_an_offset_is_read_by_the_clock_of_the_business() -> None:
    assert moment("2026-03-02T18:30") == datetime(2026, 3, 2, 18, 30, tzinfo=KOLKATA)
    assert moment("2026-03-02 18:30:00") == datetime(2026, 3, 2, 13, tzinfo=NOON.tzinfo)


def test_an_offset_counts() -> None:
    assert moment("2026-03-02T18:30+01:00") == datetime(2026, 3, 2, 17, 30, tzinfo=NOON.tzinfo)
    assert moment("2026-03-02T18:30Z") == datetime(2026, 3, 2, 18, 30, tzinfo=NOON.tzinfo)


@pytest.mark.parametrize(
    ("when", "after"),
    [
        ("PT10M", timedelta(minutes=10)),
        ("pt1h30m", timedelta(minutes=90)),
        ("P1D", timedelta(days=1)),
        ("P1DT2H", timedelta(days=1, hours=2)),
    ],
)
def test_a_duration_begins_now(when: str, after: timedelta) -> None:
    assert moment(when) == NOON + after


@pytest.mark.parametrize(
    "when", ["", "tomorrow", "2026-03-02", "20260302", "P", "PT", "P1Y", "PT10", "25:00", "T10:00"]
)
def test_what_names_no_moment_is_not_guessed_at(when: str) -> None:
    assert moment(when) is None


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_a_moment(when: str) -> None:
    read = moment(when)

    assert read is None or read.tzinfo is not None


def test_a_promise_lies_ahead_and_not_too_far() -> None:
    assert is_too_early(NOON - timedelta(minutes=3), now=NOON)
    assert not is_too_early(NOON - timedelta(minutes=1), now=NOON)
    assert not is_too_late(NOON + timedelta(days=30), now=NOON)
    assert is_too_late(NOON + timedelta(days=30, seconds=1), now=NOON)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("919800000001", "919800000001"),
        ("+91 98000-00001", "919800000001"),
        ("(+1) 415.555.0100", "14155550100"),
        ("0980000001", None),
        ("IN.1234567890", None),
        ("anonymous-CA1", None),
        ("sip:a@b", None),
        ("12345", None),
        ("1" * 16, None),
        ("९१९८००००००१", None),
        ("", None),
    ],
)
def test_only_a_number_in_international_form_is_one(text: str, number: str | None) -> None:
    assert phone_number_of(text) == number


def test_a_new_promise_is_rung() -> None:
    assert next_step(a_promise(), None) is NextStep.RING


def test_whoever_was_talked_with_is_not_rung_again() -> None:
    answered = a_call(state=CallState.ENDED, answered_at=NOON, end_reason="caller_hung_up")

    assert next_step(a_promise(attempts=2), answered) is NextStep.REACHED
    assert next_step(a_promise(attempts=TRIES + 1), answered) is NextStep.REACHED


@pytest.mark.parametrize(
    "in_vain",
    [
        a_call(state=CallState.ENDED, end_reason="no-answer"),
        a_call(state=CallState.ENDED, answered_at=NOON, end_reason="voicemail"),
        None,
    ],
)
def test_a_call_in_vain_is_tried_again_until_nobody_can_be_reached(in_vain: Call | None) -> None:
    steps = [next_step(a_promise(attempts=attempts), in_vain) for attempts in (2, 3, 4)]

    assert steps == [NextStep.RING, NextStep.RING, NextStep.GIVE_UP]


def test_only_a_call_of_ours_after_the_note_is_a_call_back() -> None:
    note = call_back_note("The bill.")

    assert "The bill." in note
    assert is_called_back(a_call(), note)
    assert not is_called_back(a_call(direction=CallDirection.INBOUND), note)
    assert not is_called_back(a_call(), "The user called again.")
