from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from shared.domain.idle import ResourceKind, all_quiet, is_kept, is_quiet, is_young, window_before
from shared.domain.idle_actions import ACTIONS

NOW = datetime(2026, 3, 2, 12, 40, tzinfo=UTC)
WINDOW = window_before(NOW)
ALL_HOURS = [WINDOW.since + timedelta(hours=number) for number in range(24)]


def test_the_window_is_24_full_hours_and_leaves_out_those_whose_measurements_may_be_late() -> None:
    assert (WINDOW.since, WINDOW.until) == (NOW.replace(day=1, hour=11, minute=0), NOW.replace(hour=11, minute=0))
    assert list(WINDOW.hours) == ALL_HOURS


@pytest.mark.parametrize(
    ("hourly", "verdict"),
    [
        (dict.fromkeys(ALL_HOURS, 0.0), True),
        ({**dict.fromkeys(ALL_HOURS, 0.0), ALL_HOURS[23]: 1.0}, False),
        (dict.fromkeys(ALL_HOURS[:23], 0.0), None),
        ({ALL_HOURS[0]: 1.0}, False),
        ({}, None),
    ],
    ids=["quiet", "used in the last hour", "an hour is missing", "used, rest missing", "nothing known"],
)
@pytest.mark.requirement("16.5")
def test_only_24_quiet_hours_are_quiet(hourly: dict[datetime, float], verdict: bool | None) -> None:  # noqa: FBT001
    assert is_quiet(hourly, WINDOW, at_most=0, absent_is_zero=False) is verdict


def test_hours_that_are_reported_only_when_used_may_be_absent() -> None:
    assert is_quiet({}, WINDOW, at_most=0, absent_is_zero=True)


@pytest.mark.parametrize(
    ("verdicts", "verdict"), [([True, True], True), ([True, None], None), ([None, False], False), ([], None)]
)
def test_one_use_is_use_and_one_doubt_is_doubt(verdicts: list[bool | None], *, verdict: bool | None) -> None:
    assert all_quiet(verdicts) is verdict


def test_what_was_made_within_the_window_is_too_young_to_be_judged() -> None:
    assert is_young(WINDOW.since + timedelta(seconds=1), WINDOW)
    assert not is_young(WINDOW.since, WINDOW)
    assert not is_young(None, WINDOW)


@pytest.mark.parametrize(
    ("tag", "keeps"),
    [
        ("true", True),
        (" True ", True),
        ("until:2026-03-02", True),
        ("until:2026-12-31", True),
        ("until: 2026-12-31", True),
        ("until:2026-03-01", False),
        ("until:31.12.2026", False),
        ("until:", False),
        ("yes", False),
        ("", False),
        (None, False),
    ],
)
def test_a_tag_keeps_for_good_or_until_the_end_of_a_day(tag: str | None, *, keeps: bool) -> None:
    assert is_kept(tag, date(2026, 3, 2)) is keeps


@pytest.mark.parametrize("kind", ResourceKind)
def test_every_kind_says_why_and_what_to_type(kind: ResourceKind) -> None:
    action = ACTIONS[kind]

    filled = [
        command.format(name="NAME", arn="ARN", region="ap-south-1", stack="vaani-dev") for command in action.commands
    ]

    assert action.reason
    assert filled
    assert all(command.startswith("aws ") for command in filled)
    assert not any("purchase" in command for command in filled)
