from __future__ import annotations

import time

import pytest

from shared.adapters.models.small_talk import SmallTalk, recognise


@pytest.mark.parametrize(
    ("remark", "kind"),
    [
        ("Hello!", SmallTalk.GREETING),
        ("Hi there, good morning.", SmallTalk.GREETING),
        ("Namaste ji", SmallTalk.GREETING),
        ("नमस्ते", SmallTalk.GREETING),
        ("Hello, can you hear me?", SmallTalk.GREETING),
        ("Okay, thank you so much.", SmallTalk.THANKS),
        ("Thanks for your help!", SmallTalk.THANKS),
        ("धन्यवाद", SmallTalk.THANKS),
        ("bahut shukriya", SmallTalk.THANKS),
        ("No, that's all. Thank you, bye!", SmallTalk.GOODBYE),
        ("No thanks", SmallTalk.GOODBYE),
        ("Are you a robot?", SmallTalk.IDENTITY),
        ("Am I talking to a real person?", SmallTalk.IDENTITY),
        ("Who is this?", SmallTalk.IDENTITY),
        ("kya aap robot hain", SmallTalk.IDENTITY),
        ("Please transfer me to a human agent.", SmallTalk.PERSON),
        ("Can I speak to somebody, please?", SmallTalk.PERSON),
        ("I want a human", SmallTalk.PERSON),
        ("You are useless, idiot!", SmallTalk.ANGER),
        ("shut up you stupid bot", SmallTalk.ANGER),
        ("Operator!", SmallTalk.PERSON),
        ("Put me through to one of your people", SmallTalk.PERSON),
        ("mujhe kisi se baat karni hai", SmallTalk.PERSON),
        ("मुझे किसी से बात करनी है", SmallTalk.PERSON),
        ("Could you repeat that please?", SmallTalk.REPEAT),
        ("Sorry, I didn't catch that.", SmallTalk.REPEAT),
        ("Pardon?", SmallTalk.REPEAT),
        ("phir se boliye", SmallTalk.REPEAT),
        ("Yes, please.", SmallTalk.YES),
        ("haan ji", SmallTalk.YES),
        ("हाँ", SmallTalk.YES),
        ("No.", SmallTalk.NO),
        ("nahi", SmallTalk.NO),
        ("What can you do for me?", SmallTalk.HELP),
        ("Help", SmallTalk.HELP),
        ("Umm...", SmallTalk.UNCLEAR),
        ("", SmallTalk.UNCLEAR),
        ("You", SmallTalk.UNCLEAR),
    ],
)
def test_small_talk_is_recognised(remark: str, kind: SmallTalk) -> None:
    assert recognise(remark) is kind


@pytest.mark.parametrize(
    "question",
    [
        "Hi, what are your opening hours?",
        "What is the worst time to come?",
        "Shut up and tell me when you open",
        "Thank you, and how much is a consultation?",
        "Yes, but what does it cost?",
        "No parking nearby?",
        "Can I get a repeat prescription?",
        "I need someone to look at my tooth",
        "What are the agent's commission rates?",
        "I don't want to talk to a human",
        "Can I pass my report to the manager's office?",
        "I talk to Dr. Rao every week about someone in my family",
        "Can you help me cancel my appointment?",
        "kya aap sunday ko khule hain",
    ],
)
def test_question_of_substance_is_not_small_talk(question: str) -> None:
    assert recognise(question) is None


@pytest.mark.parametrize("word", ["ok ", "thanks ", "hello ", "yes ", "um ", "talk ", "are you ", "a ", "you stupid "])
def test_long_nonsense_is_judged_quickly(word: str) -> None:
    started = time.process_time()

    recognise(word * 1000 + "x1")

    assert time.process_time() - started < 0.5
