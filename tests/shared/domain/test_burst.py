"""Which messages are one thought."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.burst import PAUSE_WITHIN_A_THOUGHT, length_of_thought
from shared.domain.message import InboundItem, MessageKind
from tests.samples import NOON, a_message, a_notice, a_status


def test_words_in_quick_succession_are_one_thought() -> None:
    items = [a_message(text=text, sent_at=NOON + timedelta(seconds=5 * n)) for n, text in enumerate("abc")]

    assert length_of_thought(items) == 3


@pytest.mark.parametrize(
    "other",
    [
        a_message(kind=MessageKind.BUTTON, text="Yes"),
        a_message(kind=MessageKind.INTERACTIVE, text="Yes"),
        a_message(kind=MessageKind.IMAGE, text="Look"),
        a_message(kind=MessageKind.AUDIO, text=""),
        a_message(kind=MessageKind.REACTION, text="👍"),
        a_message(kind=MessageKind.UNKNOWN, text="words"),
        a_message(text=" "),
        a_message(text="STOP"),
        a_message(text="शुरू करें"),
        a_status(),
        a_notice(),
    ],
    ids=lambda item: f"{type(item).__name__}-{getattr(item, 'kind', '')}",
)
def test_anything_else_neither_belongs_to_a_thought_nor_begins_one(other: InboundItem) -> None:
    assert length_of_thought([a_message(), other, a_message()]) == 1
    assert length_of_thought([other, a_message()]) == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"business_id": "another"},
        {"user_id": "another"},
        {"address": "another"},
        {"group_id": "a group"},
        {"sent_at": NOON + PAUSE_WITHIN_A_THOUGHT + timedelta(seconds=1)},
        {"sent_at": NOON - PAUSE_WITHIN_A_THOUGHT - timedelta(seconds=1)},
    ],
    ids=str,
)
def test_what_was_written_elsewhere_or_much_later_begins_something_new(changed: dict[str, Any]) -> None:
    assert length_of_thought([a_message(), a_message(**changed)]) == 1


def test_each_pause_counts_by_itself() -> None:
    items = [a_message(sent_at=NOON + n * PAUSE_WITHIN_A_THOUGHT) for n in range(4)]

    assert length_of_thought(items) == 4
