"""What is said often needs no engine, and memory stays bounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.voice import Voice
from stream_service.media.audio import BYTES_PER_MS
from stream_service.speaking.remembered import RememberedSpeech

ENGLISH, HINDI = Voice(language="en-IN"), Voice(language="hi-IN")
AUDIO = b"\x10" * 100


def test_a_sentence_is_found_in_the_voice_it_was_spoken_in_only() -> None:
    remembered = RememberedSpeech()
    remembered.keep("Hello.", ENGLISH, AUDIO)

    assert remembered.find("Hello.", ENGLISH) == AUDIO
    assert remembered.find("Hello.", HINDI) is None
    assert (remembered.hits, remembered.misses) == (1, 1)


def test_asking_whether_a_sentence_is_known_is_no_use_of_it() -> None:
    remembered = RememberedSpeech()
    remembered.keep("Hello.", ENGLISH, AUDIO)

    assert (remembered.knows("Hello.", ENGLISH), remembered.knows("Hello.", HINDI)) == (True, False)
    assert (remembered.hits, remembered.misses) == (0, 0)


def test_the_sentence_used_least_recently_is_forgotten_first() -> None:
    remembered = RememberedSpeech(longest_bytes=200)
    remembered.keep("one", ENGLISH, AUDIO)
    remembered.keep("two", ENGLISH, AUDIO)
    remembered.find("one", ENGLISH)
    remembered.keep("three", ENGLISH, AUDIO)

    assert [remembered.find(text, ENGLISH) is not None for text in ("one", "two", "three")] == [True, False, True]


def test_what_is_kept_for_good_is_never_forgotten() -> None:
    remembered = RememberedSpeech(longest_bytes=200)
    remembered.keep("apology", ENGLISH, AUDIO, for_good=True)
    for number in range(10):
        remembered.keep(str(number), ENGLISH, AUDIO)

    assert remembered.find("apology", ENGLISH) == AUDIO


def test_keeping_for_good_ends_where_there_is_no_more_room() -> None:
    remembered = RememberedSpeech(longest_bytes=100)
    remembered.keep("one", ENGLISH, AUDIO, for_good=True)
    remembered.keep("two", ENGLISH, AUDIO, for_good=True)
    remembered.keep("three", ENGLISH, AUDIO)

    assert remembered.find("one", ENGLISH) == AUDIO
    assert remembered.find("two", ENGLISH) is None


def test_a_long_sentence_is_not_kept() -> None:
    remembered = RememberedSpeech(longest_sentence_ms=10)
    remembered.keep("long", ENGLISH, b"\x10" * (11 * BYTES_PER_MS))

    assert remembered.size_bytes == 0


def test_an_engine_that_said_nothing_taught_nothing() -> None:
    remembered = RememberedSpeech()
    remembered.keep("...", ENGLISH, b"", for_good=True)

    assert remembered.find_in_any_voice("...", ENGLISH) is None


def test_another_voice_of_the_same_language_is_preferred_to_a_strange_one() -> None:
    remembered = RememberedSpeech()
    remembered.keep("Sorry.", Voice(name="A", language="hi-IN"), b"hindi")
    remembered.keep("Sorry.", Voice(name="B", language="en-IN"), b"english", for_good=True)

    assert remembered.find_in_any_voice("Sorry.", Voice(name="C", language="hi-IN")) == b"hindi"
    assert remembered.find_in_any_voice("Sorry.", Voice(name="C", language="ta-IN")) is not None
    assert remembered.find_in_any_voice("Bye.", Voice(name="C", language="ta-IN")) is None


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 120), st.booleans()), max_size=60))
def test_the_size_is_that_of_the_audio_and_bounded(sentences: list[tuple[int, int, bool]]) -> None:
    remembered = RememberedSpeech(longest_bytes=300)

    for text, size, for_good in sentences:
        remembered.keep(str(text), ENGLISH, b"\x10" * size, for_good=for_good)

        found = [remembered.find(str(number), ENGLISH) for number in range(9)]
        assert remembered.size_bytes == sum(len(audio) for audio in found if audio is not None) <= 600
