"""Which messages are a wish to be left alone or written to again, and which only look like one."""

# ruff: noqa: RUF001 - letters that only look like Latin ones are what is tested

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.consent import LONGEST_WORDS, ConsentRequest, Wish, confirmation, recognise
from shared.domain.message import MessageKind
from tests.samples import a_message

_STOPS = {
    "en": [
        *("STOP", "stop", "Stop.", "STOP!!", " stop \n", "stop stop", "STOP ALL", "STOPALL", "Stop it", "please stop"),
        *("UNSUBSCRIBE", "unsubscribe me", "OPT OUT", "opt-out", "OptOut", "opt_out", "S.T.O.P", "stop messaging me"),
        *("*STOP*", "“STOP”", "ＳＴＯＰ", "𝗦𝗧𝗢𝗣", "stop 🛑🙏🏽", "🛑 STOP", "st\u200bop", "\u200estop\u200f"),
    ],
    "hi": [
        *("रोकें", "रोको", "बंद करो", "बंद करें", "बन्द करो", "बँद करो", "सदस्यता रद्द", "सदस्यता रद्द करें।", "मैसेज मत भेजो"),
        *("band karo", "Band Karo!", "roko", "ROKO", "message mat bhejo", "band kar do 🙏"),
    ],
    "ta": [
        *("நிறுத்து", "நிறுத்தவும்", "நிறுத்துங்கள்", "நிறுத்துங்கள்!", "செய்தி அனுப்ப வேண்டாம்"),
        *("niruthu", "Niruthungal", "niruthunga 🙏"),
    ],
}
_STARTS = {
    "en": ["START", "start", "Start!", "UNSTOP", "subscribe", "OPT IN", "opt-in", "OPT_IN"],
    "hi": ["शुरू करें", "शुरू करो", "शुरु करो", "चालू करो", "shuru karo", "Chalu karo", "phir se shuru karo"],
    "ta": ["தொடங்கு", "தொடங்கவும்", "தொடங்குங்கள்", "thodangu", "Thodangungal"],
}
_ORDINARY = [
    *("", "   ", "🛑", "👍", "cancel", "Cancel", "end", "quit", "yes", "no", "help", "info", "pause", "block"),
    *("please stop by tomorrow", "I will stop by at 5", "stop the medicine?", "where is the bus stop", "non-stop"),
    *("cancel my appointment", "start my appointment", "When does it start?", "start at 9", "get started"),
    *("The bleeding does not stop", "stop, wait", "Stop smoking advice", "don't stop", "subscribe to plan", "the stop"),
    *("can I start the tablets", "opt out of insurance", "full stop", "stoppage", "stopped", "STOP 123", "stop?no"),
    *("दवा बंद करें?", "क्या दवा बंद कर दूं", "इलाज शुरू करें", "अपॉइंटमेंट रद्द करें", "रद्द करो", "dawai band karo"),
    *("clinic kab band hota hai", "report bhejo", "mat bhejo", "band", "treatment shuru karo", "kal mat aana"),
    *("மருந்தை நிறுத்தலாமா", "பேருந்து நிறுத்தம்", "நிறுத்தம்", "சிகிச்சையை தொடங்கு", "marunthu niruthu", "vendam"),
]
_KINDS_THAT_CANNOT = [kind for kind in MessageKind if kind not in {"text", "button", "interactive"}]


def wish_of(text: str, **given: Any) -> ConsentRequest | None:
    return recognise(a_message(text=text, **given))


@pytest.mark.parametrize(("language", "text"), [(language, text) for language in _STOPS for text in _STOPS[language]])
def test_a_wish_to_be_left_alone_is_recognised_with_its_language(language: str, text: str) -> None:
    request = wish_of(text)

    assert request is not None
    assert (request.wish, request.language, request.is_answered) == (Wish.STOP, language, False)


@pytest.mark.parametrize(("language", "text"), [(language, text) for language in _STARTS for text in _STARTS[language]])
def test_a_wish_to_be_written_to_again_is_recognised_with_its_language(language: str, text: str) -> None:
    request = wish_of(text)

    assert request is not None
    assert (request.wish, request.language) == (Wish.START, language)


@pytest.mark.parametrize("text", _ORDINARY)
def test_what_people_write_to_a_clinic_is_no_wish(text: str) -> None:
    assert wish_of(text) is None


@pytest.mark.parametrize("kind", [MessageKind.BUTTON, MessageKind.INTERACTIVE])
@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("Stop promotions", {}),
        ("बंद करें", {}),
        ("No, thank you", {"payload": "STOP"}),
        ("No, thank you", {"id": "opt-out"}),
        ("", {"list_id": "UNSUBSCRIBE"}),
    ],
)
def test_a_button_counts_by_its_title_or_by_what_it_stands_for(
    kind: MessageKind, text: str, attributes: dict[str, Any]
) -> None:
    request = wish_of(text, kind=kind, attributes=attributes)

    assert request is not None
    assert request.wish is Wish.STOP


def test_the_payload_of_a_text_does_not_count() -> None:
    assert wish_of("When do you open?", attributes={"payload": "STOP"}) is None


@pytest.mark.parametrize("kind", _KINDS_THAT_CANNOT)
def test_only_what_was_written_or_tapped_counts(kind: MessageKind) -> None:
    assert wish_of("STOP", kind=kind) is None


@pytest.mark.parametrize("stated", ["STOP", "START", "HELP", "stop"])
def test_what_twilio_recognised_and_answered_counts_whatever_the_word_was(stated: str) -> None:
    request = wish_of("CANCEL", attributes={"opt_out_type": stated})

    assert request is not None
    assert (request.wish.value, request.is_answered) == (stated.lower(), True)


@pytest.mark.parametrize("stated", ["", "MAYBE", None, 1, ["STOP"]])
def test_what_twilio_might_say_one_day_does_not_count(stated: Any) -> None:
    assert wish_of("Hello", attributes={"opt_out_type": stated}) is None


@given(st.lists(st.from_regex(r"[a-zA-Zஅ-ஹअ-ह]{1,12}", fullmatch=True), min_size=LONGEST_WORDS + 1, max_size=30))
def test_no_sentence_of_many_different_words_is_a_wish(words: list[str]) -> None:
    sentence = " ".join([*words, "appointment"])

    assert wish_of(sentence) is None


@given(
    st.sampled_from([text for texts in (*_STOPS.values(), *_STARTS.values()) for text in texts]),
    st.sampled_from(["the medicine", "tomorrow", "डॉक्टर", "மருத்துவர்", "sir", "appointment"]),
    st.booleans(),
)
def test_a_word_more_makes_an_ordinary_message_of_it(text: str, more: str, is_before: bool) -> None:  # noqa: FBT001
    assert wish_of(f"{more} {text}" if is_before else f"{text} {more}") is None


@given(st.text(max_size=300), st.sampled_from(list(MessageKind)))
def test_no_text_whatever_breaks_it(text: str, kind: MessageKind) -> None:
    request = wish_of(text, kind=kind, attributes={"payload": text, "opt_out_type": text})

    assert request is None or request.wish in set(Wish)


@pytest.mark.parametrize("language", ["en", "hi", "ta"])
def test_the_confirmation_says_how_to_undo_it(language: str) -> None:
    stopped = confirmation(ConsentRequest(wish=Wish.STOP, word="stop", language=language))
    started = confirmation(ConsentRequest(wish=Wish.START, word="start", language=language))

    assert "START" in stopped
    assert "STOP" in started
    assert stopped != started


def test_every_word_that_a_confirmation_names_is_understood() -> None:
    for word in ("START", "STOP", "शुरू करें", "बंद करें", "தொடங்கு", "நிறுத்து"):
        assert wish_of(word) is not None
