from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.models.offline.moments import read_when

SUNDAY_EVENING = datetime(2026, 11, 22, 21, 0, tzinfo=ZoneInfo("Asia/Kolkata"))


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("call me back tomorrow at 5 pm", "2026-11-23T17:00"),
        ("Please call me tomorrow at five p.m.", "2026-11-23T17:00"),
        ("kal shaam 5 baje call karo", "2026-11-23T17:00"),
        ("कल शाम 5 बजे फ़ोन कीजिए", "2026-11-23T17:00"),
        ("parso subah 11 baje", "2026-11-24T11:00"),
        ("on Monday at 10:30", "2026-11-23T10:30"),
        ("next Friday at three", "2026-11-27T15:00"),
        ("call me at 10 am", "2026-11-23T10:00"),
        ("today at 22:45", "2026-11-22T22:45"),
        ("in an hour", "PT1H"),
        ("call me in 20 minutes", "PT20M"),
        ("in half an hour please", "PT30M"),
        ("ek ghante baad phone karna", "PT1H"),
        ("15 minute mein", "PT15M"),
    ],
)
def test_clear_moment_is_understood(text: str, when: str) -> None:
    assert read_when(text, SUNDAY_EVENING) == when


@pytest.mark.parametrize(
    "text", ["tomorrow", "tomorrow morning", "some time", "room 5", "I have 5 children", "do you have 2 doctors", ""]
)
def test_what_is_left_open_is_no_moment(text: str) -> None:
    assert read_when(text, SUNDAY_EVENING) is None


@given(st.text(max_size=80))
def test_whatever_is_written_gives_a_moment_or_none(text: str) -> None:
    when = read_when(text, SUNDAY_EVENING)

    assert when is None or when.startswith("PT") or datetime.fromisoformat(when).year > 0
