from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.domain.idle import ObservedResource, ResourceKind
from shared.domain.idle_letter import LONGEST_SUBJECT, write_notice
from shared.domain.idle_recommendation import RESERVATION_ENDS, RESERVE, Notes, Notice, Recommendation, recommend

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ADDRESS = recommend(
    ObservedResource(kind=ResourceKind.ADDRESS, arn="arn:address", name="eip-1", is_idle=True, unit="address"),
    since=NOW - timedelta(hours=24),
    region="ap-south-1",
    stack="vaani-dev",
)
RESERVED = replace(ADDRESS, key="reserve:1", kind=RESERVE, monthly_cost=Decimal("10.00"), since=NOW)
ENDING = replace(ADDRESS, key="ends:1", kind=RESERVATION_ENDS, monthly_cost=None, since=NOW)


def notice(*items: Recommendation, stack: str = "vaani-dev") -> Notice | None:
    return write_notice(Notes(recommendations=items), NOW, stack=stack, region="ap-south-1").pending


@pytest.mark.parametrize(
    ("items", "subject"),
    [
        ((ADDRESS,), "Vaani vaani-dev: 1 idle resource, save about 3.65 USD a month"),
        ((ADDRESS, RESERVED), "Vaani vaani-dev: 1 idle resource, reserved capacity, save about 13.65 USD a month"),
        ((ENDING,), "Vaani vaani-dev: reserved capacity"),
    ],
)
def test_a_subject_says_what_it_is_about_and_the_sum(items: tuple[Recommendation, ...], subject: str) -> None:
    written = notice(*items)

    assert written is not None
    assert written.subject == subject


def test_a_subject_is_short_and_of_plain_letters_as_mail_demands() -> None:
    written = notice(ADDRESS, stack="vaani-मुंबई" * 30)

    assert written is not None
    assert len(written.subject) <= LONGEST_SUBJECT
    assert written.subject.isascii()


def test_what_is_idle_for_less_than_a_day_is_not_written_about() -> None:
    assert notice(replace(ADDRESS, since=NOW - timedelta(hours=23, minutes=59))) is None


def test_the_same_letter_has_the_same_id() -> None:
    one, again, other = notice(ADDRESS), notice(ADDRESS), notice(RESERVED)

    assert one is not None
    assert again is not None
    assert other is not None
    assert one.id == again.id
    assert one.id != other.id
