from __future__ import annotations

import itertools

from benchmarks.voice.caller_audio import CallerAudio
from benchmarks.voice.conversation import CYCLE_MS, GREETING_MS, Conversation, Step, spread
from benchmarks.voice.playback import NS_PER_MS
from stream_service.media.audio import BYTES_PER_MS, FRAME_MS

AUDIO = CallerAudio(question=("q1", "q2", "q3"), interruption=("i1", "i2"), noise=("-",))
TWO_SECONDS = b"\x00" * 2000 * BYTES_PER_MS


def talk(conversation: Conversation, *, until_ms: int, answer_after_ms: int | None = 200) -> list[tuple[int, str]]:
    """Drive a caller whose questions are answered with two seconds of sound; what was said and when."""
    said: list[tuple[int, str]] = []
    answered = 0
    for stream_ms in range(0, until_ms, FRAME_MS):
        at_ns = stream_ms * NS_PER_MS
        frame = conversation.frame(stream_ms, at_ns=at_ns)
        if frame != "-":
            said.append((stream_ms, frame))
        if answer_after_ms is None or len(conversation.exchanges) == answered:
            continue
        ends_ns = conversation.exchanges[-1].ends_ns
        if ends_ns is not None and at_ns >= ends_ns + answer_after_ms * NS_PER_MS:
            conversation.hear(TWO_SECONDS, from_ns=at_ns)
            answered += 1
    return said


def test_caller_asks_twice_and_interrupts_the_second_answer_a_second_after_it_began():
    conversation = Conversation(AUDIO, first_cycle_ms=1000)

    said = talk(conversation, until_ms=12_000)

    first_frames = [(ms, frame) for ms, frame in said if frame in {"q1", "i1"}]
    assert first_frames == [(1000, "q1"), (5000, "q1"), (6240, "i1")]
    assert [each.interrupts for each in conversation.exchanges] == [False, False, True]


def test_response_counts_from_the_last_frame_of_speech():
    conversation = Conversation(AUDIO, first_cycle_ms=0)

    talk(conversation, until_ms=3000, answer_after_ms=260)

    assert conversation.exchanges[0].response_ms == 260


def test_barge_in_counts_from_the_first_frame_of_speech():
    conversation = Conversation(AUDIO, first_cycle_ms=0)
    talk(conversation, until_ms=5300)
    interruption = conversation.exchanges[-1]

    conversation.cleared(at_ns=interruption.starts_ns + 210 * NS_PER_MS)

    assert interruption.step is Step.INTERRUPT
    assert interruption.barge_in_ms == 210


def test_without_answers_the_caller_goes_on_and_nothing_counts_as_an_interruption():
    conversation = Conversation(AUDIO, first_cycle_ms=0)

    talk(conversation, until_ms=CYCLE_MS, answer_after_ms=None)

    assert [each.response_ms for each in conversation.exchanges] == [None, None, None]
    assert not any(each.interrupts for each in conversation.exchanges)


def test_agent_that_begins_to_speak_while_the_caller_speaks_talks_over():
    conversation = Conversation(AUDIO, first_cycle_ms=0)
    conversation.frame(0, at_ns=0)

    conversation.hear(TWO_SECONDS, from_ns=1)

    assert conversation.exchanges[0].is_talked_over
    assert conversation.exchanges[0].heard.first_ns is None


def test_rest_of_an_interrupted_answer_belongs_to_that_answer():
    conversation = Conversation(AUDIO, first_cycle_ms=0)
    talk(conversation, until_ms=5260)
    speaking = conversation.exchanges[-1]

    conversation.hear(TWO_SECONDS, from_ns=6000 * NS_PER_MS)

    assert speaking.interrupts
    assert not speaking.is_talked_over


def test_cycle_repeats_at_its_own_pace():
    conversation = Conversation(AUDIO, first_cycle_ms=0)

    said = talk(conversation, until_ms=2 * CYCLE_MS)

    assert (CYCLE_MS, "q1") in said
    assert len(conversation.exchanges) == 6


def test_callers_begin_evenly_over_a_cycle_and_on_frames():
    begins = [spread(index, 50) for index in range(50)]

    assert begins[0] == GREETING_MS
    assert max(begins) < GREETING_MS + CYCLE_MS
    assert {later - earlier for earlier, later in itertools.pairwise(begins)} <= {240, 260}
    assert all(each % FRAME_MS == 0 for each in begins)
