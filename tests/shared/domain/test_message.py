"""What is answered, and how delivery statuses move."""

from __future__ import annotations

import functools
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.conversation import ConversationKey
from shared.domain.message import DeliveryStatus, MessageKind, ReplyPolicy, later_status
from tests.samples import a_message

PROVED = (DeliveryStatus.DELIVERED, DeliveryStatus.READ, DeliveryStatus.PLAYED)
UNPROVED = (DeliveryStatus.PENDING, DeliveryStatus.SENDING, DeliveryStatus.SENT)
WITHOUT_REPLY = {
    MessageKind.REACTION,
    MessageKind.EDIT,
    MessageKind.REVOKE,
    MessageKind.SYSTEM,
    MessageKind.ECHO,
}
ACKNOWLEDGED = {
    MessageKind.IMAGE,
    MessageKind.AUDIO,
    MessageKind.VIDEO,
    MessageKind.DOCUMENT,
    MessageKind.STICKER,
    MessageKind.LOCATION,
    MessageKind.CONTACTS,
    MessageKind.ORDER,
    MessageKind.UNSUPPORTED,
}


@pytest.mark.parametrize(
    ("earlier", "later"),
    list(itertools.pairwise(["pending", "sending", "sent", "delivered", "read", "played"])),
)
def test_a_status_moves_forward_and_never_back(earlier: str, later: str) -> None:
    first, second = DeliveryStatus(earlier), DeliveryStatus(later)

    assert later_status(first, second) is second
    assert later_status(second, first) is second


@pytest.mark.parametrize("status", UNPROVED)
def test_a_failure_counts_while_nothing_proves_the_arrival(status: DeliveryStatus) -> None:
    assert later_status(status, DeliveryStatus.FAILED) is DeliveryStatus.FAILED
    assert later_status(DeliveryStatus.FAILED, status) is DeliveryStatus.FAILED


@pytest.mark.parametrize("status", PROVED)
def test_what_arrived_has_not_failed(status: DeliveryStatus) -> None:
    assert later_status(status, DeliveryStatus.FAILED) is status
    assert later_status(DeliveryStatus.FAILED, status) is status


@given(data=st.data(), reports=st.lists(st.sampled_from(DeliveryStatus), min_size=1, max_size=7))
def test_the_same_reports_lead_to_the_same_status_in_whatever_order_and_however_often_they_come(
    data: st.DataObject, reports: list[DeliveryStatus]
) -> None:
    shuffled = data.draw(st.permutations(reports + reports[:2]))

    def last(items: list[DeliveryStatus]) -> DeliveryStatus:
        return functools.reduce(later_status, items, DeliveryStatus.PENDING)

    assert last(shuffled) is last(reports)


@pytest.mark.parametrize("kind", list(MessageKind))
def test_each_kind_without_words_is_acknowledged_or_kept_silently(kind: MessageKind) -> None:
    expected = ReplyPolicy.ACKNOWLEDGE if kind in ACKNOWLEDGED else ReplyPolicy.SILENT

    assert a_message(kind=kind, text=" \n").reply_policy is expected


@pytest.mark.parametrize("kind", list(MessageKind))
def test_each_kind_with_words_is_answered_unless_it_asks_nothing(kind: MessageKind) -> None:
    expected = ReplyPolicy.SILENT if kind in WITHOUT_REPLY else ReplyPolicy.ANSWER

    assert a_message(kind=kind, text="Look at this").reply_policy is expected


def test_the_conversation_is_that_of_the_user_on_the_channel() -> None:
    assert a_message(channel="whatsapp", user_id="IN.1").key == ConversationKey(channel="whatsapp", user_id="IN.1")
