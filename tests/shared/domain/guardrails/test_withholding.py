"""What of an exception may be logged."""

from __future__ import annotations

import traceback

import pytest

from shared.domain.guardrails.withholding import WITHHELD, is_about_code, without_words
from shared.errors import StoreUnavailable

WORDS = 'my zygomatic bone aches\n  File "aches\nValueError: aches'


def written(error: BaseException) -> str:
    """What Python writes of an error with a cause, in a group or not."""
    try:
        try:
            raise error  # noqa: TRY301 - the error is what is looked at
        except Exception as cause:
            raise StoreUnavailable("The database gave no answer.") from cause
    except StoreUnavailable:
        return traceback.format_exc()


@pytest.mark.parametrize(
    "error",
    [ValueError(WORDS), KeyError(WORDS), LookupError(WORDS), ExceptionGroup("several", [ValueError(WORDS)])],
    ids=lambda error: type(error).__name__,
)
def test_words_that_may_be_a_users_are_left_out(error: Exception) -> None:
    shown = without_words(written(error))

    assert "aches" not in shown
    assert WITHHELD in shown
    assert "in written" in shown
    assert shown.rstrip().endswith("shared.errors.StoreUnavailable: The database gave no answer.")


@pytest.mark.parametrize("error", [TypeError("f() takes no arguments"), ConnectionRefusedError(111, "refused")])
def test_words_about_code_and_networks_stay(error: Exception) -> None:
    assert str(error) in without_words(written(error))


def test_an_error_of_another_library_with_a_known_name_is_known_by_that() -> None:
    assert is_about_code("redis.exceptions.ConnectionError")
    assert not is_about_code("pg8000.exceptions.DatabaseError")
    assert is_about_code("StoreUnavailable", "shared.errors")
