"""Languages by their scripts."""

from __future__ import annotations

import pytest

from shared.domain.routing.script import language_of_script


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("नमस्ते", "hi"),
        ("வணக்கம்", "ta"),
        ("নমস্কার", "bn"),
        ("నమస్కారం", "te"),
        ("ನಮಸ್ಕಾರ", "kn"),
        ("നമസ്കാരം", "ml"),
        ("નમસ્તે", "gu"),
        ("ਸਤ ਸ੍ਰੀ ਅਕਾਲ", "pa"),
        ("ନମସ୍କାର", "or"),
        ("ආයුබෝවන්", "si"),
        ("สวัสดี", "th"),
        ("ສະບາຍດີ", "lo"),
        ("ជំរាបសួរ", "km"),
        ("မင်္ဂလာပါ", "my"),
        ("السلام علیکم", "ur"),
        ("Namaste", None),
        ("42 🙏", None),
        ("", None),
    ],
)
def test_a_script_tells_the_language_that_is_mostly_written_in_it(text: str, language: str | None) -> None:
    assert language_of_script(text) == language


def test_english_words_in_another_script_do_not_count() -> None:
    assert language_of_script("मेरा appointment reschedule कर दो please") == "hi"


def test_of_several_scripts_the_one_with_more_letters_counts() -> None:
    assert language_of_script("வணக்கம் நண்பரே जी") == "ta"


def test_a_full_stop_that_scripts_share_tells_nothing() -> None:
    assert language_of_script("ok। ok॥") is None
