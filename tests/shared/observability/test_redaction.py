"""Secrets and personal data never reach a log line."""

from __future__ import annotations

from typing import Any

import pytest

from shared import observability
from shared.observability import logger, redaction, user_hash
from tests.shared.observability.lines import lines


@pytest.mark.requirement("5.3")
def test_secrets_never_appear_wherever_they_hide(capsys: pytest.CaptureFixture[str]) -> None:
    error = ConnectionError("cannot log in with a-database-password")

    logger.error(
        "failed",
        exc_info=error,
        url="redis://user:hidden@cache/0",
        auth_token="tok-1",
        nested={"list": ["a-database-password"]},
    )

    text = capsys.readouterr().out
    assert "a-database-password" not in text
    assert "hidden" not in text
    assert "tok-1" not in text
    assert "cannot log in" in text


def test_phone_numbers_are_hidden_and_ids_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    logger.info(
        "x",
        number="whatsapp:+919812345678",
        call_sid="CA01234567890123456789012345678901",
        trace="1-62fa9327-210123456789012345678901",
        elapsed_ms=12345678901,
        source="203.0.113.9|/webhooks/voice/status",
    )

    (line,) = lines(capsys)
    assert "9812345678" not in line["number"]
    assert line["call_sid"] == "CA01234567890123456789012345678901"
    assert line["trace"] == "1-62fa9327-210123456789012345678901"
    assert line["elapsed_ms"] == 12345678901
    assert line["source"] == "203.0.113.9|/webhooks/voice/status"


def test_a_line_is_bounded(capsys: pytest.CaptureFixture[str]) -> None:
    deep: list[Any] = []
    deep.append(deep)

    logger.info("x", long="y" * 100_000, deep=deep)

    assert len(capsys.readouterr().out) < 10_000


def test_a_user_hash_is_stable_and_depends_on_the_key() -> None:
    first = user_hash("919812345678")
    again = user_hash("919812345678")
    observability.configure(level="INFO", hash_key="another")

    assert first == again
    assert user_hash("919812345678") != first
    assert len(first) == 16


@pytest.mark.requirement("5.3")
def test_a_secret_that_is_learned_later_is_hidden_beside_those_of_before(capsys: pytest.CaptureFixture[str]) -> None:
    observability.hide(["a-database-password-and-more"])

    logger.warning("careless", text="a-database-password, a-database-password-and-more")

    assert "[redacted], [redacted]" in capsys.readouterr().out


def test_of_very_many_secrets_the_latest_are_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(1000):
        observability.hide([f"password-number-{number:04}"])

    logger.warning("careless", latest="password-number-0999", earlier="password-number-0850")

    assert "password-number" not in capsys.readouterr().out
    assert len(redaction._redaction.secrets) <= 200


def test_without_a_key_the_hash_of_a_user_cannot_be_found_by_trying() -> None:
    observability.configure(level="INFO")
    first = user_hash("919800000001")
    observability.configure(level="INFO")

    assert user_hash("919800000001") != first
