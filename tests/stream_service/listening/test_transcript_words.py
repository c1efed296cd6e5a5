"""Words out of Transcribe's results."""

from stream_service.listening.transcript_words import TranscriptWords, confidence_of
from tests.fakes.transcribe_results import result


def words_of(*events, language="en-IN", session_starts_ms=0):
    words = TranscriptWords(language=language)
    for results in events:
        words.take(results, session_starts_ms=session_starts_ms)
    return words


def text(words, until_ms=10_000):
    return words.join(words.until(until_ms))


def test_partial_result_is_replaced_by_its_next_version():
    words = words_of([result("book a", 0, 500)], [result("book an appointment", 0, 900)])

    assert text(words) == "book an appointment"


def test_final_results_stay_when_the_next_result_begins():
    words = words_of([result("Hello.", 0, 500, is_final=True)], [result("book", 900, 1200, result_id="r2")])

    assert text(words) == "Hello. book"


def test_punctuation_stands_close_to_the_word_before_it():
    assert text(words_of([result("Yes, please.", 0, 900)])) == "Yes, please."


def test_punctuation_alone_is_no_speech():
    assert text(words_of([result(".", 0, 900)])) == ""


def test_scripts_without_spaces_are_joined_without():
    assert text(words_of([result("你 好", 0, 900)], language="zh-CN")) == "你好"


def test_word_stability_is_known_by_word():
    words = words_of([result("book an", 0, 900, stable_words=1)])

    assert [word.is_stable for word in words.until(1000)] == [True, False]


def test_words_of_a_final_result_are_stable():
    words = words_of([result("book an", 0, 900, stable_words=0, is_final=True)])

    assert all(word.is_stable for word in words.until(1000))


def test_result_across_the_end_of_an_utterance_is_divided():
    words = words_of([result("one two three four", 0, 2000)])

    words.cut(1000)

    assert (text(words, 900), text(words)) == ("", "three four")


def test_late_version_does_not_bring_back_words_already_cut():
    words = words_of([result("one two three four", 0, 2000)])
    words.cut(1000)

    words.take([result("One two. Three four.", 0, 2000, is_final=True)], session_starts_ms=0)

    assert text(words) == "Three four."


def test_times_count_from_the_start_of_the_session():
    words = words_of([result("one", 0, 500, is_final=True)], session_starts_ms=7000)

    assert (words.until(7500)[0].start_ms, words.confirmed_ms) == (7000, 7500)


def test_partial_words_of_a_lost_session_are_forgotten_and_final_ones_kept():
    words = words_of([result("one", 0, 500, is_final=True)], [result("two", 600, 900, result_id="r2")])

    words.forget_partial()

    assert text(words) == "one"


def test_confidence_is_the_mean_of_the_words_that_have_one():
    words = words_of([result("one two.", 0, 900, is_final=True, confidence=0.5)])

    assert confidence_of(words.until(1000)) == 0.5
    assert confidence_of([]) is None


def test_results_without_alternatives_are_skipped():
    assert text(words_of([{"ResultId": "r1", "IsPartial": True, "Alternatives": []}])) == ""
