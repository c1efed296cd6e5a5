"""Requests for voice notes, and for text again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.spoken.voice_requests import ReplyForm, requested_form


@pytest.mark.parametrize(
    "text",
    [
        "reply with a voice note",
        "Please answer with a voice note.",
        "send voice",
        "voice message please",
        "Can I get a voice message instead?",
        "can you send it as a voice note?",
        "hello, please reply by voice",
        "I want a voice reply",
        "voice note bhejo",
        "kripya awaaz mein jawab dijiye",
        "kya aap voice note bhej sakte hain",
        "आवाज़ में बताइए",
        "वॉइस नोट भेजिए",
        "குரல் செய்தி அனுப்பு",
        "voice note anuppunga",
        "వాయిస్ నోట్ పంపండి",
        "kirim pesan suara",
    ],
)
def test_a_message_that_only_asks_for_voice(text: str) -> None:
    request = requested_form(text)

    assert request is not None
    assert (request.form, request.is_all) == (ReplyForm.VOICE, True)


@pytest.mark.parametrize(
    "text",
    [
        "in text please",
        "no voice notes please",
        "don't send voice notes",
        "text please not voice",
        "I can't listen now, text please",
        "write back in text",
        "text mein batao",
        "लिखकर बताइए",
        "எழுதி அனுப்புங்கள்",
    ],
)
def test_a_message_that_only_asks_for_text(text: str) -> None:
    request = requested_form(text)

    assert request is not None
    assert (request.form, request.is_all) == (ReplyForm.TEXT, True)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("When are you open? Please reply with a voice note", ReplyForm.VOICE),
        ("When are you open\nreply with a voice note", ReplyForm.VOICE),
        ("explain the refund policy in a voice note", ReplyForm.VOICE),
        ("tell me your hours in a voice note please", ReplyForm.VOICE),
        ("tell me what a consultation costs in text please", ReplyForm.TEXT),
    ],
)
def test_a_question_beside_the_request_is_left_to_an_agent(text: str, form: ReplyForm) -> None:
    request = requested_form(text)

    assert request is not None
    assert (request.form, request.is_all) == (form, False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "voice note",
        "text",
        "hello",
        "please",
        "I sent you a voice note",
        "did you get my voice note",
        "can I send a voice note?",
        "I want to send a voice note",
        "please listen to my voice note",
        "reply to my voice note",
        "explain the report I sent in a voice note",
        "I lost my voice, what do you suggest?",
        "Do you have voice messages?",
        "the audio is broken",
        "I will text you",
        "text me the address please",
        "please text my husband",
        "send voice, no, send text",
    ],
)
def test_what_is_in_doubt_asks_for_nothing(text: str) -> None:
    assert requested_form(text) is None


@given(text=st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    request = requested_form(text)

    assert request is None or isinstance(request.form, ReplyForm)


_ASKING = st.sampled_from(["voice note please", "reply in text", "आवाज़ में बताइए", "send voice"])


@given(
    asking=_ASKING, case=st.sampled_from([str.upper, str.lower, str.title]), end=st.sampled_from(["", ".", "!", " "])
)
def test_case_and_punctuation_make_no_difference(asking: str, case: object, end: str) -> None:
    assert callable(case)

    assert requested_form(case(asking) + end) == requested_form(asking)


@given(
    asking=_ASKING,
    told=st.lists(st.sampled_from(["my", "aunt", "said", "gestern", "invoice", "seven"]), min_size=1, max_size=20),
)
def test_words_around_a_request_are_never_lost(asking: str, told: list[str]) -> None:
    request = requested_form(f"{asking}. {' '.join(told)}")

    assert request is not None
    assert not request.is_all
