"""Goodbyes, and what only sounds like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.spoken.farewells import is_farewell


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Bye", "en-IN"),
        ("Okay, thank you, bye bye.", "en-IN"),
        ("goodbye", "en-US"),
        ("That's all, thank you.", "en-IN"),
        ("No, that's it. Thanks a lot!", "en-IN"),
        ("thank you so much for your help have a nice day", "en-IN"),
        ("alright then see you tomorrow", "en-GB"),
        ("okay thank you namaste", "en-IN"),
        ("अलविदा", "hi-IN"),
        ("बस इतना ही, धन्यवाद।", "hi-IN"),
        ("theek hai shukriya bye", "en-IN"),
        ("bas itna hi tha, thank you ji", "hi-IN"),
        ("जी नहीं, और कुछ नहीं, बहुत बहुत धन्यवाद, नमस्ते", "hi-IN"),
        ("phone rakhti hoon", "hi-IN"),
        ("அவ்வளவுதான், ரொம்ப நன்றி", "ta-IN"),
        ("சரி, போயிட்டு வரேன்", "ta-IN"),
        ("okay apram pesalam", "ta-IN"),
        ("సరే, ఉంటానండి", "te-IN"),
        ("ধন্যবাদ, রাখছি", "bn-IN"),
        ("ठीक आहे, धन्यवाद, ठेवतो", "mr-IN"),
        ("આભાર, આવજો", "gu-IN"),
        ("ಧನ್ಯವಾದಗಳು, ಬೈ", "kn-IN"),
        ("നന്ദി, പിന്നെ കാണാം", "ml-IN"),
        ("ਧੰਨਵਾਦ, ਰੱਬ ਰਾਖਾ", "pa-IN"),
        ("شکریہ، خدا حافظ", "ur-IN"),
        ("itu saja, terima kasih", "id-ID"),
        ("terima kasih, jumpa lagi", "ms-MY"),
        ("ขอบคุณครับ แค่นี้นะครับ", "th-TH"),
        ("cảm ơn nhé, tạm biệt", "vi-VN"),
        ("salamat po, paalam", "fil-PH"),
    ],
)
def test_a_goodbye_is_understood(text: str, language: str) -> None:
    assert is_farewell(text, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("", "en-IN"),
        ("I want to buy a plan", "en-IN"),
        ("buy", "en-IN"),
        ("by the way", "en-IN"),
        ("I want to say goodbye to my old plan", "en-IN"),
        ("How do I end the call forwarding?", "en-IN"),
        ("Bye?", "en-IN"),
        ("Thank you", "en-IN"),
        ("No, thank you", "en-IN"),
        ("okay", "en-IN"),
        ("That's all", "en-IN"),
        ("Tata", "en-IN"),
        ("namaste", "hi-IN"),
        ("बस", "hi-IN"),
        ("bas itna hi", "hi-IN"),
        ("धन्यवाद, एक और सवाल है", "hi-IN"),
        ("அவ்வளவுதான்", "ta-IN"),
        ("வணக்கம்", "ta-IN"),
        ("see you at the clinic tomorrow, which floor", "en-IN"),
    ],
)
def test_what_may_be_an_answer_or_only_speaks_of_goodbyes_is_none(text: str, language: str) -> None:
    assert not is_farewell(text, language)


@given(
    matter=st.sampled_from(["Monday", "report", "गोली", "மருந்து", "refund", "doctor's fee"]),
    place=st.integers(0, 4),
)
def test_a_goodbye_with_a_matter_in_it_is_left_to_the_agent(matter: str, place: int) -> None:
    words = ["okay", "thank", "you", "bye"]

    assert not is_farewell(" ".join([*words[:place], matter, *words[place:]]), "en-IN")


@given(st.lists(st.sampled_from(["okay", "thank you", "bye", "that's all", "bas", "no", "ji"]), max_size=40))
def test_no_goodbye_without_a_word_of_parting(said: list[str]) -> None:
    is_parting = "bye" in said or ("thank you" in said and ("that's all" in said or "bas" in said))

    assert is_farewell(", ".join(said), "en-IN") is is_parting
