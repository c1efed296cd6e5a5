"""Which messages get no reply, and why."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.conversation import ConversationStatus
from shared.domain.message import MessageKind, Unanswered
from shared.domain.reply_rules import is_answered_late, why_unanswered
from shared.domain.wishes import UserWishes
from tests.samples import NOON, a_message

STALE_AFTER = timedelta(hours=1)


def reason(
    *,
    age: timedelta = timedelta(0),
    kind: MessageKind = MessageKind.TEXT,
    status: ConversationStatus = ConversationStatus.OPEN,
    wishes: UserWishes | None = None,
    stale_after: timedelta | None = STALE_AFTER,
) -> Unanswered | None:
    return why_unanswered(
        a_message(kind=kind, sent_at=NOON - age),
        status=status,
        wishes=wishes or UserWishes(),
        now=NOON,
        stale_after=stale_after,
    )


def test_a_message_of_this_minute_is_answered() -> None:
    assert reason() is None


@pytest.mark.parametrize(
    ("age", "because"),
    [
        (timedelta(minutes=60), None),
        (timedelta(minutes=60, seconds=1), Unanswered.STALE),
        (timedelta(days=7), Unanswered.STALE),
        (timedelta(days=8), Unanswered.STALE),
    ],
)
def test_what_comes_hours_late_is_stale(age: timedelta, because: Unanswered | None) -> None:
    assert reason(age=age) is because


@pytest.mark.parametrize("age", [timedelta(days=8, seconds=1), timedelta(days=20_000)])
def test_what_no_provider_would_still_repeat_has_a_wrong_clock_and_is_answered(age: timedelta) -> None:
    assert reason(age=age) is None


@pytest.mark.parametrize("ahead", [timedelta(seconds=1), timedelta(hours=5, minutes=30), timedelta(days=400)])
def test_a_clock_that_is_ahead_does_no_harm(ahead: timedelta) -> None:
    assert reason(age=-ahead) is None


def test_where_nothing_is_too_old_everything_is_answered() -> None:
    assert reason(age=timedelta(days=2), stale_after=None) is None


@pytest.mark.parametrize(
    ("age", "kind", "status", "opted_out", "because"),
    [
        (timedelta(days=1), MessageKind.REACTION, ConversationStatus.HUMAN, True, Unanswered.SILENT),
        (timedelta(days=1), MessageKind.TEXT, ConversationStatus.HUMAN, True, Unanswered.OPTED_OUT),
        (timedelta(days=1), MessageKind.TEXT, ConversationStatus.HUMAN, False, Unanswered.HUMAN),
    ],
)
def test_a_reason_that_would_hold_at_any_age_comes_first(
    age: timedelta, kind: MessageKind, status: ConversationStatus, *, opted_out: bool, because: Unanswered
) -> None:
    wishes = UserWishes(has_opted_out=opted_out)

    assert reason(age=age, kind=kind, status=status, wishes=wishes) is because


@pytest.mark.parametrize(
    ("age", "is_late"),
    [
        (timedelta(minutes=-5), False),
        (timedelta(minutes=2), False),
        (timedelta(minutes=2, seconds=1), True),
        (timedelta(days=7), True),
        (timedelta(days=9), False),
    ],
)
def test_a_reply_shows_what_it_answers_when_that_was_minutes_ago(age: timedelta, *, is_late: bool) -> None:
    assert is_answered_late(a_message(sent_at=NOON - age), now=NOON) is is_late
