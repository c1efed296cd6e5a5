"""Names of keys."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as some
from redis.crc import key_slot

from shared.adapters.redis.keys import key_of

ANY_TEXT = some.text(some.characters(), min_size=1)


def test_keys_are_named_as_documented() -> None:
    assert key_of("ctx", "whatsapp:919800000001") == "ctx:{whatsapp:919800000001}"
    assert key_of("block", "2001:db8::1") == "block:{2001:db8::1}"


@given(ANY_TEXT)
def test_all_keys_of_a_subject_lie_on_one_shard(subject: str) -> None:
    slots = {key_slot(key_of(prefix, subject).encode()) for prefix in ("ctx", "agent", "rate", "slots")}

    assert len(slots) == 1


@given(ANY_TEXT)
def test_what_stands_in_braces_is_the_whole_subject(subject: str) -> None:
    key = key_of("ctx", subject)

    assert re.fullmatch(r"ctx:\{[A-Za-z0-9%:@+._~-]+\}", key)
    assert len(key) < 250


@given(some.lists(some.text(min_size=1), min_size=2, max_size=2, unique=True))
def test_different_subjects_have_different_keys(subjects: list[str]) -> None:
    assert key_of("ctx", subjects[0]) != key_of("ctx", subjects[1])
