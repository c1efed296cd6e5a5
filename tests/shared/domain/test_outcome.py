"""What became of a message is the same in whatever order its reports came, and however often."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.message import DeliveryStatus, ReplyPart, StatusUpdate
from shared.domain.outcome import Outcome, outcome_of, outcomes_of, status_of
from tests.samples import NOON, a_status

SENT, DELIVERED, READ, PLAYED, FAILED = (
    DeliveryStatus.SENT,
    DeliveryStatus.DELIVERED,
    DeliveryStatus.READ,
    DeliveryStatus.PLAYED,
    DeliveryStatus.FAILED,
)
TAKEN = ReplyPart(position=1, text="Hi", status=SENT, provider_message_id="wamid.out")
REFUSED = ReplyPart(position=1, text="Hi", status=FAILED, error_code="131026")

reports = st.lists(
    st.builds(
        a_status,
        status=st.sampled_from([SENT, DELIVERED, READ, PLAYED, FAILED, None]),
        occurred_at=st.sampled_from([NOON + timedelta(seconds=seconds) for seconds in range(3)]),
        error_code=st.sampled_from([None, "131026", "131047"]),
        attributes=st.sampled_from([{}, {"pricing": {"category": "service", "billable": True}}]),
    ),
    max_size=6,
)


def failed(code: str = "131047", *, at: int = 0) -> StatusUpdate:
    return a_status(status=FAILED, error_code=code, error_title=f"Title of {code}", occurred_at=later(at))


def later(seconds: int) -> object:
    return NOON + timedelta(seconds=seconds)


def parts(*statuses: DeliveryStatus) -> list[Outcome]:
    return [
        Outcome(part=replace(TAKEN, position=position, status=status, provider_message_id=f"wamid.{position}"))
        for position, status in enumerate(statuses, start=1)
    ]


@given(reports, st.randoms())
def test_neither_order_nor_repetition_of_the_reports_matters(told: list[StatusUpdate], chance: object) -> None:
    shuffled = told * 2
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    expected, seen = outcome_of(TAKEN, told), outcome_of(TAKEN, shuffled)

    assert (seen.part.status, seen.part.error_code) == (expected.part.status, expected.part.error_code)


@given(reports, reports)
def test_reports_may_be_reckoned_with_at_once_or_bit_by_bit(
    first: list[StatusUpdate], rest: list[StatusUpdate]
) -> None:
    bit_by_bit = outcome_of(outcome_of(TAKEN, first).part, first + rest)

    assert bit_by_bit.part.status is outcome_of(TAKEN, first + rest).part.status


def test_a_failure_is_told_with_its_reason() -> None:
    outcome = outcome_of(TAKEN, [failed()])

    assert (outcome.part.status, outcome.part.error_code) == (FAILED, "131047")
    assert outcome.error_title == "Title of 131047"


@pytest.mark.parametrize("told", [[failed(), a_status()], [a_status(), failed(at=5)]])
def test_what_arrived_has_no_reason_to_fail(told: list[StatusUpdate]) -> None:
    outcome = outcome_of(TAKEN, told)

    assert (outcome.part.status, outcome.part.error_code, outcome.error_title) == (DELIVERED, None, None)


def test_the_last_word_on_the_price_counts_even_if_it_came_first() -> None:
    late = a_status(
        status=READ, occurred_at=later(9), attributes={"pricing": {"category": "utility", "billable": True}}
    )
    early = a_status(attributes={"pricing": {"category": "service", "billable": False}, "conversation": {"id": "c"}})

    outcome = outcome_of(TAKEN, [late, early, a_status(status=PLAYED, occurred_at=later(10))])

    assert (outcome.category, outcome.is_billable, outcome.conversation) == ("utility", True, {"id": "c"})


@pytest.mark.parametrize("pricing", [None, "free", {"category": 7, "billable": "yes"}, {}])
def test_a_price_that_cannot_be_read_counts_as_not_told(pricing: object) -> None:
    outcome = outcome_of(TAKEN, [a_status(attributes={"pricing": pricing})])

    assert (outcome.category, outcome.is_billable) == (None, None)


def test_a_report_is_about_the_part_with_its_id_and_else_about_the_one_that_it_names() -> None:
    known = [replace(TAKEN, position=place, provider_message_id=f"wamid.{place}") for place in (1, 2)]
    unknown = replace(TAKEN, position=3, provider_message_id=None)

    seen = outcomes_of(
        [*known, unknown],
        "d-1",
        [
            a_status(provider_message_id="wamid.2", status=READ, correlation_id="d-1.1"),
            a_status(provider_message_id="wamid.9", status=DELIVERED, correlation_id="d-1.3"),
            a_status(provider_message_id="wamid.8", status=PLAYED, correlation_id="d-2.1"),
            a_status(provider_message_id="wamid.7", status=PLAYED, correlation_id="d-1.44"),
        ],
    )

    assert [outcome.part.status for outcome in seen] == [SENT, READ, DELIVERED]
    assert seen[2].part.provider_message_id == "wamid.9"


@pytest.mark.parametrize(
    ("of_parts", "whole"),
    [
        ([SENT, READ], SENT),
        ([READ, DELIVERED, PLAYED], DELIVERED),
        ([PLAYED], PLAYED),
        ([READ, FAILED], FAILED),
    ],
)
def test_a_message_came_as_far_as_its_least_advanced_part(
    of_parts: list[DeliveryStatus], whole: DeliveryStatus
) -> None:
    assert status_of(parts(*of_parts), current=SENT) is whole


@pytest.mark.parametrize("unsent", [DeliveryStatus.PENDING, DeliveryStatus.SENDING])
def test_until_all_is_sent_the_status_stays(unsent: DeliveryStatus) -> None:
    assert status_of(parts(READ, unsent), current=DeliveryStatus.SENDING) is DeliveryStatus.SENDING


def test_a_part_that_never_left_does_not_count_unless_none_did() -> None:
    refused = Outcome(part=replace(REFUSED, position=2))

    assert status_of([*parts(READ), refused], current=SENT) is READ
    assert status_of([refused], current=SENT) is FAILED
