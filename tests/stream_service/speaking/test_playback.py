"""What the caller has heard, by Twilio's marks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream_service.media.audio import BYTES_PER_MS
from stream_service.speaking.playback import Piece, PlaybackLedger

TEN_WORDS = "one two three four five six seven eight nine ten"


def piece(mark: str, duration_ms: int = 250) -> Piece:
    return Piece(mark, mark[-1:].encode() * (duration_ms * BYTES_PER_MS))


def speak(ledger: PlaybackLedger, text: str, *, pieces: int, first: int = 1, at_ms: int = 0) -> list[str]:
    """Send a sentence in pieces of 250 ms; its marks."""
    ledger.begin_sentence(text)
    marks = [f"m{first + n}" for n in range(pieces)]
    for mark in marks:
        ledger.sent(piece(mark), at_ms=at_ms)
    return marks


def test_everything_acknowledged_is_everything_heard() -> None:
    ledger = PlaybackLedger()
    for n, mark in enumerate(speak(ledger, TEN_WORDS, pieces=4), start=1):
        ledger.played(mark, at_ms=250 * n)

    assert ledger.is_drained
    assert ledger.heard_text(is_complete=True) == TEN_WORDS


def test_an_interruption_keeps_whole_words_up_to_the_position() -> None:
    ledger = PlaybackLedger()
    marks = speak(ledger, TEN_WORDS, pieces=4)
    ledger.played(marks[0], at_ms=250)
    ledger.played(marks[1], at_ms=500)

    ledger.freeze(at_ms=500)

    assert ledger.heard_text(is_complete=True) == "one two three four five"


def test_marks_echoed_after_the_clear_prove_nothing() -> None:
    ledger = PlaybackLedger()
    marks = speak(ledger, TEN_WORDS, pieces=4)
    ledger.freeze(at_ms=0)

    counted = [ledger.played(mark, at_ms=10) for mark in marks]

    assert not any(counted)
    assert ledger.heard_text(is_complete=True) == ""


def test_the_piece_that_was_playing_counts_for_the_time_that_passed_but_no_more_than_itself() -> None:
    ledger = PlaybackLedger()
    speak(ledger, TEN_WORDS, pieces=4)

    ledger.freeze(at_ms=60_000)

    assert ledger.heard_text(is_complete=True) == "one two"


def test_a_name_that_was_never_sent_is_ignored() -> None:
    ledger = PlaybackLedger()
    speak(ledger, TEN_WORDS, pieces=1)

    assert not ledger.played("somebody-elses", at_ms=1)
    assert not ledger.is_drained


def test_a_missed_echo_is_made_up_by_the_next() -> None:
    ledger = PlaybackLedger()
    marks = speak(ledger, TEN_WORDS, pieces=2)

    ledger.played(marks[1], at_ms=500)

    assert ledger.heard_text(is_complete=True) == TEN_WORDS


def test_a_sentence_still_being_synthesised_is_measured_by_the_pace_of_speech() -> None:
    ledger = PlaybackLedger()
    speak(ledger, TEN_WORDS, pieces=1)

    ledger.played("m1", at_ms=250)

    assert ledger.heard_text(is_complete=False) == "one"


def test_sentences_before_the_interrupted_one_are_heard_whole() -> None:
    ledger = PlaybackLedger()
    for mark in speak(ledger, "Good morning.", pieces=2):
        ledger.played(mark, at_ms=500)
    speak(ledger, TEN_WORDS, pieces=4, first=3, at_ms=500)

    ledger.freeze(at_ms=500)

    assert ledger.heard_text(is_complete=True) == "Good morning."


@given(
    words=st.lists(st.text("abcdefg", min_size=1, max_size=8), min_size=1, max_size=30),
    pieces=st.integers(1, 12),
    acknowledged=st.integers(0, 12),
    elapsed_ms=st.integers(0, 5000),
)
def test_what_was_heard_is_always_the_beginning_of_what_was_said(
    words: list[str], pieces: int, acknowledged: int, elapsed_ms: int
) -> None:
    text = " ".join(words)
    ledger = PlaybackLedger()
    marks = speak(ledger, text, pieces=pieces)
    for mark in marks[:acknowledged]:
        ledger.played(mark, at_ms=0)

    ledger.freeze(at_ms=elapsed_ms)

    heard = ledger.heard_text(is_complete=True)
    assert text.startswith(heard)
    assert heard == "" or heard.split() == words[: len(heard.split())]


def test_after_a_false_interruption_the_rest_is_said_again_from_the_piece_that_was_cut() -> None:
    ledger = PlaybackLedger()
    marks = speak(ledger, TEN_WORDS, pieces=4)
    ledger.played(marks[0], at_ms=250)
    ledger.freeze(at_ms=400)

    unheard = ledger.thaw()
    for number, old in enumerate(unheard):
        ledger.sent_again(Piece(f"again{number}", old.audio), at_ms=1000)

    assert unheard == tuple(piece(mark) for mark in marks[1:])
    assert not ledger.is_drained
    assert ledger.heard_text(is_complete=True) == "one two"


def test_echoes_of_the_cleared_marks_do_not_count_for_the_pieces_sent_again() -> None:
    ledger = PlaybackLedger()
    marks = speak(ledger, TEN_WORDS, pieces=2)
    ledger.freeze(at_ms=0)
    for number, old in enumerate(ledger.thaw()):
        ledger.sent_again(Piece(f"again{number}", old.audio), at_ms=0)

    assert not any(ledger.played(mark, at_ms=10) for mark in marks)
    assert ledger.played("again1", at_ms=500)
    assert ledger.heard_text(is_complete=True) == TEN_WORDS


def test_a_sentence_without_any_sound_was_not_heard() -> None:
    ledger = PlaybackLedger()
    for mark in speak(ledger, "Good morning.", pieces=1):
        ledger.played(mark, at_ms=250)
    ledger.begin_sentence("Nobody hears this.")

    ledger.break_off_sentence()

    assert ledger.heard_text(is_complete=True) == "Good morning."


def test_of_a_sentence_that_broke_off_only_the_beginning_was_heard() -> None:
    ledger = PlaybackLedger()
    (mark,) = speak(ledger, TEN_WORDS, pieces=1)
    ledger.break_off_sentence()

    ledger.played(mark, at_ms=250)

    assert ledger.heard_text(is_complete=True) == "one"


def test_a_filler_is_no_part_of_what_was_said() -> None:
    ledger = PlaybackLedger()
    for mark in speak(ledger, "", pieces=2):
        ledger.played(mark, at_ms=500)
    speak(ledger, TEN_WORDS, pieces=4, first=3, at_ms=500)

    ledger.played("m3", at_ms=750)

    assert ledger.heard_text(is_complete=True) == "one two"


def test_breaking_off_a_sentence_changes_nothing_of_what_was_heard() -> None:
    ledger = PlaybackLedger()
    ledger.begin_sentence("a b c")
    ledger.sent(Piece("m1", b"\xff" * 8 * 125), at_ms=0)
    ledger.freeze(at_ms=65)
    before = ledger.heard_text(is_complete=False)

    ledger.break_off_sentence()

    assert before == "a"
    assert ledger.heard_text(is_complete=True) == "a"
