"""Meta's notices of what users want of marketing messages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.adapters.whatsapp.preferences import read_preferences
from shared.domain.consent import Wish
from tests.samples import NOON, a_notice

ELEMENT = {
    "wa_id": "919800000001",
    "detail": "User requested to stop marketing messages",
    "category": "marketing_messages",
    "value": "stop",
    "timestamp": "1772452800",
}


def read(payload: Any, *, topic: str = "user_preferences") -> list[tuple[str, Wish]]:
    found = read_preferences(a_notice(topic=topic, payload=payload))
    return [(preference.user_id, preference.wish) for preference in found]


def test_each_preference_of_a_notice_is_read() -> None:
    resumed = {**ELEMENT, "wa_id": "919800000002", "value": "resume"}

    assert read({"user_preferences": [ELEMENT, resumed]}) == [
        ("919800000001", Wish.STOP),
        ("919800000002", Wish.START),
    ]


def test_a_preference_has_the_time_at_which_it_was_stated() -> None:
    (preference,) = read_preferences(a_notice(topic="user_preferences", payload={"user_preferences": [ELEMENT]}))

    assert preference.stated_at == datetime.fromtimestamp(1772452800, tz=UTC)
    assert preference.notice_id == "notice-1-0"


def test_a_notice_that_is_one_preference_is_read() -> None:
    assert read(ELEMENT) == [("919800000001", Wish.STOP)]


def test_a_user_without_a_phone_number_is_known_by_the_other_identity() -> None:
    (found,) = read({"user_preferences": [{"user_id": "IN.abc", "value": "stop"}]})

    assert found == ("IN.abc", Wish.STOP)


@pytest.mark.parametrize(
    "payload",
    [
        None,
        {},
        [],
        "stop",
        {"user_preferences": "stop"},
        {"user_preferences": [None, 1, {}, {"wa_id": "1"}, {"value": "stop"}, {"wa_id": 1, "value": "later"}]},
        {"user_preferences": [{**ELEMENT, "category": "something_new"}]},
    ],
)
def test_what_cannot_be_read_is_left_out(payload: Any) -> None:
    assert read(payload) == []


def test_other_notices_say_nothing_about_it() -> None:
    assert read({"user_preferences": [ELEMENT]}, topic="account_update") == []


def test_without_a_time_it_is_the_notices() -> None:
    (preference,) = read_preferences(
        a_notice(topic="user_preferences", payload={"user_preferences": [{**ELEMENT, "timestamp": None}]})
    )

    assert preference.stated_at == NOON
