"""Digits typed on the telephone's keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_service.keypad import Keypad

KEYS = "0123456789*#"


def type_all(keypad: Keypad, keys: str, *, at_ms: int = 0, apart_ms: int = 100) -> list[str]:
    """Press keys one after the other; the inputs that became complete."""
    inputs = (keypad.press(key, at_ms + n * apart_ms) for n, key in enumerate(keys))
    return [complete for complete in inputs if complete is not None]


def test_the_terminator_completes_an_input() -> None:
    keypad = Keypad()

    assert type_all(keypad, "1234#") == ["1234"]
    assert not keypad.is_collecting


def test_an_input_is_complete_when_no_further_key_comes() -> None:
    keypad = Keypad(timeout_ms=3000)
    type_all(keypad, "42", apart_ms=1000)

    assert keypad.tick(3999) is None
    assert keypad.is_collecting
    assert keypad.tick(4000) == "42"
    assert keypad.tick(9000) is None


def test_each_key_gives_the_next_one_time_again() -> None:
    keypad = Keypad(timeout_ms=3000)

    assert type_all(keypad, "12345#", apart_ms=2999) == ["12345"]


def test_a_star_clears_what_was_typed() -> None:
    assert type_all(Keypad(), "129*123#") == ["123"]


def test_the_longest_input_is_complete_without_a_terminator() -> None:
    keypad = Keypad(longest=4)

    assert type_all(keypad, "123456#") == ["1234", "56"]


def test_a_key_after_the_time_begins_a_new_input() -> None:
    keypad = Keypad(timeout_ms=3000)
    keypad.press("1", 0)

    assert keypad.press("2", 3000) == "1"
    assert keypad.press("#", 3100) == "2"


def test_a_terminator_or_star_after_the_time_belongs_to_no_input() -> None:
    for key in "#*":
        keypad = Keypad(timeout_ms=3000)
        keypad.press("1", 0)

        assert keypad.press(key, 5000) == "1"
        assert not keypad.is_collecting


@pytest.mark.parametrize("keys", ["#", "*#", "##", "*"])
def test_nothing_typed_is_no_input(keys: str) -> None:
    keypad = Keypad()

    assert type_all(keypad, keys) == []
    assert not keypad.is_collecting


@pytest.mark.parametrize("garbage", ["", "A", "12", "\u0661", "\u00b2", "w", " ", "\n"])
def test_garbage_is_ignored_and_gives_no_time(garbage: str) -> None:
    keypad = Keypad(timeout_ms=3000)
    keypad.press("7", 0)

    assert keypad.press(garbage, 2000) is None
    assert keypad.tick(3000) == "7"


def test_what_was_typed_does_not_show_in_its_description() -> None:
    keypad = Keypad()
    type_all(keypad, "4111")

    assert "4111" not in f"{keypad!r} {keypad!s}"


@given(st.lists(st.sampled_from(KEYS), max_size=120))
def test_typed_without_pauses_inputs_are_what_stands_between_terminators(keys: list[str]) -> None:
    typed = "".join(keys)
    expected = []
    for part in typed.split("#")[:-1]:
        digits = part
        while digits:
            # 32 digits in a row, without a star among them, are complete by themselves.
            head, star, rest = digits.partition("*")
            expected += [head[n : n + 32] for n in range(0, len(head) - len(head) % 32, 32)]
            if not star and len(head) % 32:
                expected.append(head[-(len(head) % 32) :])
            digits = rest

    keypad = Keypad(timeout_ms=10_000, longest=32)
    inputs = type_all(keypad, typed.rpartition("#")[0] + "#" if "#" in typed else "", apart_ms=1)

    assert inputs == expected


@given(
    keys=st.lists(st.tuples(st.text(max_size=2) | st.sampled_from(KEYS), st.integers(0, 5000)), max_size=100),
    ticks=st.booleans(),
)
def test_inputs_are_digits_of_bounded_length_and_none_is_lost(*, keys: list[tuple[str, int]], ticks: bool) -> None:
    keypad = Keypad(timeout_ms=3000, longest=32)
    now_ms, inputs = 0, []
    for key, pause_ms in keys:
        now_ms += pause_ms
        inputs += [keypad.tick(now_ms)] if ticks else []
        inputs.append(keypad.press(key, now_ms))
    inputs.append(keypad.tick(now_ms + 3000))
    complete = [digits for digits in inputs if digits is not None]

    assert not keypad.is_collecting
    assert all(digits.isascii() and digits.isdecimal() and len(digits) <= 32 for digits in complete)
    typed = [key for key, _ in keys if key in set(KEYS)]
    if "*" not in typed:
        assert "".join(complete) == "".join(typed).replace("#", "")


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.integers(0, 5000)), max_size=60))
def test_looking_at_the_time_changes_no_input(keys: list[tuple[str, int]]) -> None:
    looked_at, left_alone = Keypad(), Keypad()
    now_ms, seen, unseen = 0, [], []
    for key, pause_ms in keys:
        now_ms += pause_ms
        seen += [looked_at.tick(now_ms), looked_at.press(key, now_ms)]
        unseen.append(left_alone.press(key, now_ms))

    assert [digits for digits in seen if digits] == [digits for digits in unseen if digits]
