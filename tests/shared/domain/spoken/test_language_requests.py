"""Requests to speak another language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.spoken.language_requests import requested_language


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("Speak Hindi", "hi-IN"),
        ("Hindi please", "hi-IN"),
        ("Please speak in Hindi.", "hi-IN"),
        ("in Hindi", "hi-IN"),
        ("Can we talk in Tamil?", "ta-IN"),
        ("Could you please continue in English", "en-IN"),
        ("can you speak with me in Telugu", "te-IN"),
        ("switch to Kannada", "kn-IN"),
        ("Change the language to Malayalam please", "ml-IN"),
        ("switch from English to Hindi", "hi-IN"),
        ("Speak Hindi instead of English", "hi-IN"),
        ("I would prefer Marathi", "mr-IN"),
        ("I only speak Tamil", "ta-IN"),
        ("I want to talk in Gujarati", "gu-IN"),
        ("Sorry, I don't know English. Hindi please.", "hi-IN"),
        ("I can't follow English, can you say it in Punjabi", "pa-IN"),
        ("Do you speak Bengali", "bn-IN"),
        ("do you know Hindi?", "hi-IN"),
        ("please change it to Hindi", "hi-IN"),
        ("Hindi mein baat karo", "hi-IN"),
        ("Hindi me boliye", "hi-IN"),
        ("kya aap Hindi mein baat kar sakte hain", "hi-IN"),
        ("thoda English mein samjhao", "en-IN"),
        ("हिंदी में बोलिए", "hi-IN"),
        ("कृपया हिन्दी में बात कीजिए", "hi-IN"),
        ("क्या आप हिंदी बोल सकते हैं", "hi-IN"),
        ("अंग्रेज़ी में बताइए", "en-IN"),
        ("தமிழில் பேசுங்கள்", "ta-IN"),
        ("தமிழ்ல பேசுங்க", "ta-IN"),
        ("ஆங்கிலத்தில் சொல்லுங்கள்", "en-IN"),
        ("Tamil la pesunga", "ta-IN"),
        ("tamil pesuveengala", "ta-IN"),
        ("తెలుగులో మాట్లాడండి", "te-IN"),
        ("telugu lo matladandi", "te-IN"),
        ("বাংলায় কথা বলুন", "bn-IN"),
        ("मराठीत बोला", "mr-IN"),
        ("ગુજરાતીમાં વાત કરો", "gu-IN"),
        ("ಕನ್ನಡದಲ್ಲಿ ಮಾತನಾಡಿ", "kn-IN"),
        ("മലയാളത്തിൽ സംസാരിക്കൂ", "ml-IN"),
        ("ਪੰਜਾਬੀ ਵਿੱਚ ਗੱਲ ਕਰੋ", "pa-IN"),
        ("اردو میں بات کریں", "ur-IN"),
        ("tolong bicara bahasa Indonesia", "id-ID"),
        ("boleh cakap bahasa Melayu", "ms-MY"),
        ("พูดภาษาไทยได้ไหมครับ", "th-TH"),
        ("bạn có thể nói tiếng Anh không", "en-IN"),
        ("mag-Tagalog po tayo", "fil-PH"),
    ],
)
def test_a_request_is_understood(text: str, tag: str) -> None:
    assert requested_language(text) == tag


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hindi",
        "Hello",
        "I speak Hindi",
        "I don't speak Hindi",
        "please don't speak Hindi",
        "my father speaks Tamil",
        "I need a doctor who can speak Tamil",
        "Do you have Hindi classes",
        "I want to learn Kannada",
        "Is the form available in Hindi",
        "What do you call fever in Hindi",
        "Speak in Hindi or in Tamil",
        "I live near the English school",
        "Tell me, is Hindi taught there",
        "please speak up",
        "I want to talk to the English department",
        "talk to a Hindi speaker",
        "let's talk about my Hindi exam",
        "Can you speak French",
        "हिंदी में मत बोलिए",
        "मुझे हिंदी नहीं आती",
        "எனக்கு தமிழ் தெரியாது",
        "Hindi mein kitne number aaye",
    ],
)
def test_whatever_is_in_doubt_is_no_request(text: str) -> None:
    assert requested_language(text) is None


@given(st.text(max_size=80))
def test_no_text_is_too_odd_to_read(text: str) -> None:
    assert requested_language(text) is None


@given(st.lists(st.sampled_from(["please", "in", "hindi", "speak", "not", "mein", "tamil", "ok"]), max_size=300))
def test_only_a_language_that_was_named_is_requested(words: list[str]) -> None:
    named = {"hi-IN": "hindi" in words, "ta-IN": "tamil" in words}

    tag = requested_language(" ".join(words))

    assert tag is None or named[tag]
    assert tag is None or "not" not in words
