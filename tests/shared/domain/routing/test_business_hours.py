"""When the business is open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.routing.business_hours import DAYS, read_business_hours
from shared.errors import InvalidContent

INDIA = ZoneInfo("Asia/Kolkata")
BERLIN = ZoneInfo("Europe/Berlin")
START_OF_2026 = datetime(2026, 1, 1, tzinfo=UTC)
MONDAY = 2  # Of March 2026.


def at(day: int, hour: int, minute: int = 0, zone: ZoneInfo = INDIA) -> datetime:
    """A moment of March 2026, by the clock on the wall."""
    return datetime(2026, 3, day, hour, minute, tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (at(MONDAY, 8), True),
        (at(MONDAY, 7, 59), False),
        (at(MONDAY, 19, 59), True),
        (at(MONDAY, 20), False),
        (at(MONDAY + 5, 9), True),
        (at(MONDAY + 5, 14), False),
        (at(MONDAY + 6, 10), False),
    ],
)
def test_hours_begin_with_their_first_minute_and_end_before_their_last(moment: datetime, *, is_open: bool) -> None:
    hours = read_business_hours("Mon-Fri 08:00-20:00, Sat 09:00-14:00 Asia/Kolkata")
    outside = read_business_hours("outside Mon-Fri 08:00-20:00, Sat 09:00-14:00 Asia/Kolkata")

    assert hours.covers(moment) is is_open
    assert outside.covers(moment) is not is_open


def test_a_night_goes_on_into_the_next_day_and_over_the_end_of_the_week() -> None:
    hours = read_business_hours("Sun 22:00-06:00 Asia/Kolkata")

    assert hours.covers(at(1, 22))
    assert hours.covers(at(MONDAY, 5, 59))
    assert not hours.covers(at(MONDAY, 6))
    assert not hours.covers(at(1, 5))


def test_days_may_run_over_the_end_of_the_week() -> None:
    hours = read_business_hours("Sat-Mon 10:00-12:00 Asia/Kolkata")

    assert [hours.covers(at(day, 11)) for day in (1, 2, 3, 6, 7)] == [True, True, False, False, True]


def test_a_day_may_have_several_times() -> None:
    hours = read_business_hours("Mon 09:00-12:00 14:00-24:00 Asia/Kolkata")

    assert [hours.covers(at(MONDAY, hour)) for hour in (9, 12, 13, 14, 23)] == [True, False, False, True, True]


def test_the_clock_on_the_wall_counts_where_summer_time_begins() -> None:
    hours = read_business_hours("Mon-Sun 08:00-09:00 Europe/Berlin")

    assert hours.covers(datetime(2026, 3, 28, 7, 30, tzinfo=UTC))
    assert hours.covers(datetime(2026, 3, 29, 6, 30, tzinfo=UTC))
    assert not hours.covers(datetime(2026, 3, 29, 7, 30, tzinfo=UTC))


def test_a_moment_is_told_by_the_clock_of_the_business() -> None:
    assert read_business_hours("Mon 08:00-20:00 Asia/Kolkata").told(at(MONDAY, 8, 5)) == "mon 08:05 Asia/Kolkata"


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("", "written like"),
        ("Asia/Kolkata", "written like"),
        ("outside Asia/Kolkata", "written like"),
        ("Mon 08:00-20:00", "time zone"),
        ("Mon 08:00-20:00 Mars/Olympus", "'Mars/Olympus'"),
        ("Mon 08:00-20:00 ../../etc/passwd", "time zone"),
        ("Mon 08:00-20:00 Asia", "'Asia'"),
        ("Mon Asia/Kolkata", "'Mon' is not both"),
        ("Mon 08:00-20:00,, Tue 08:00-09:00 Asia/Kolkata", "'' is not both"),
        ("Funday 08:00-20:00 Asia/Kolkata", "'Funday'"),
        ("Mon- 08:00-20:00 Asia/Kolkata", "'Mon-'"),
        ("Mon 8-20 Asia/Kolkata", "'8-20'"),
        ("Mon 08:60-20:00 Asia/Kolkata", "'08:60-20:00'"),
        ("Mon 24:00-25:00 Asia/Kolkata", "24:00"),
        ("Mon 08:00-24:01 Asia/Kolkata", "24:00"),
        ("Mon 08:00-08:00 Asia/Kolkata", "no time at all"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(pattern: str, complaint: str) -> None:
    with pytest.raises(InvalidContent, match=complaint):
        read_business_hours(pattern)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(pattern: str) -> None:
    try:
        hours = read_business_hours(pattern)
    except InvalidContent:
        return

    assert hours.spans


_minutes = st.integers(0, 24 * 60 - 1)


@given(
    day=st.sampled_from(DAYS),
    start=_minutes,
    end=_minutes,
    moment=st.integers(0, 2 * 365 * 24 * 60).map(lambda passed: START_OF_2026 + timedelta(minutes=passed)),
    zone=st.sampled_from(["Asia/Kolkata", "Europe/Berlin", "America/New_York", "UTC"]),
)
def test_hours_are_what_the_clock_on_the_wall_says(day: str, start: int, end: int, moment: datetime, zone: str) -> None:
    if start == end:
        return
    pattern = f"{day} {start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02} {zone}"
    local = moment.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    today, yesterday = DAYS[local.weekday()], DAYS[(local - timedelta(days=1)).weekday()]
    if start < end:
        expected = today == day and start <= minute < end
    else:
        expected = (today == day and minute >= start) or (yesterday == day and minute < end)

    assert read_business_hours(pattern).covers(moment) is expected
    assert read_business_hours(f"outside {pattern}").covers(moment) is not expected
