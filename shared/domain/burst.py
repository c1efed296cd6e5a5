"""Which queued messages are one thought, sent in several pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.consent import recognise
from shared.domain.message import InboundItem, InboundMessage, MessageKind

PAUSE_WITHIN_A_THOUGHT = timedelta(seconds=30)
"""What was written later than this after the message before it begins something new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathering:
    """How to go on with the items that wait for one user.

    Attributes:
        size: so many of them, from the first on, are dealt with together.
        wait_seconds: give the user so long to finish the thought before; 0 where nothing is to be waited for.
    """

    size: int = 1
    wait_seconds: int = 0


def length_of_thought(items: Sequence[InboundItem]) -> int:
    """How many items from the first on can be answered together; 0 where the first is not of that kind.

    Only plain words are: whatever was tapped is matched by its payload, a file is read by itself, and a wish to be left
    alone must not drown in other words.
    """
    length = 0
    for item in items:
        before = items[length - 1] if length else None
        if not _is_plain(item) or (isinstance(before, InboundMessage) and not _goes_on(before, item)):
            break
        length += 1
    return length


def _is_plain(item: InboundItem) -> bool:
    return (
        isinstance(item, InboundMessage)
        and item.kind is MessageKind.TEXT
        and bool(item.text.strip())
        and not item.media
        and recognise(item) is None
    )


def _goes_on(before: InboundMessage, item: InboundItem) -> bool:
    assert isinstance(item, InboundMessage)
    is_same_place = (before.key, before.business_id, before.address, before.group_id) == (
        item.key,
        item.business_id,
        item.address,
        item.group_id,
    )
    return is_same_place and abs(item.sent_at - before.sent_at) <= PAUSE_WITHIN_A_THOUGHT
