"""A reply being spoken: held while the caller speaks, given up or gone on with, prepared ahead."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from shared.domain.joined_text import SENTENCE_END
from shared.domain.message import Delivery, Recipient, ReplyChunk
from shared.domain.voice import Voice
from shared.errors import ProviderUnavailable, SpeechUnavailable
from stream_service.media.audio import BYTES_PER_MS
from stream_service.speaking.voice_channel import VoiceChannel

RECIPIENT = Recipient(channel="voice", user_id="u", business_id="b", delivery_id="d")


@dataclass
class Phone:
    """What was sent to Twilio; plays it only when told to."""

    sent: list[str] = field(default_factory=list)
    audio: bytearray = field(default_factory=bytearray)
    marks: list[str] = field(default_factory=list)
    clears: int = 0

    def play(self, mulaw: bytes) -> None:
        self.audio += mulaw

    def mark(self, name: str) -> None:
        self.marks.append(name)

    def clear(self) -> None:
        self.clears += 1


@dataclass
class Engine:
    """Says each sentence in 500 ms, its first letter over and over; may fail."""

    said: list[str] = field(default_factory=list)
    voices: list[Voice] = field(default_factory=list)
    failing: Callable[[str], bool] = lambda _text: False

    async def warm_up(self) -> None:
        pass

    async def speak(self, text: str, voice: Voice) -> AsyncGenerator[bytes, None]:
        if self.failing(text):
            raise SpeechUnavailable("down")
        self.said.append(text)
        self.voices.append(voice)
        yield text[:1].encode() * (500 * BYTES_PER_MS)


@dataclass
class Stage:
    """A channel with what is around it."""

    phone: Phone = field(default_factory=Phone)
    engine: Engine = field(default_factory=Engine)
    now_ms: int = 0
    filler_after_ms: int = 0
    channel: VoiceChannel = field(init=False)

    def __post_init__(self) -> None:
        self.channel = VoiceChannel(
            "CA1",
            self.phone,
            self.engine,
            lambda: self.now_ms,
            filler=lambda: "Wait.",
            filler_after_ms=self.filler_after_ms,
            apology=lambda: "Sorry.",
        )

    def play_out(self, *, pieces: int | None = None) -> None:
        """Let Twilio play what it has, or some pieces of it, and say so."""
        for mark in self.phone.marks[:pieces]:
            self.now_ms += 250
            self.channel.played(mark)
        del self.phone.marks[:pieces]


async def words(*sentences: str, agent_id: str = "a") -> AsyncGenerator[ReplyChunk, None]:
    for sentence in sentences:
        yield ReplyChunk(text=f"{sentence} ", agent_id=agent_id)


async def settle() -> None:
    for _ in range(30):
        await asyncio.sleep(0)


@asynccontextmanager
async def delivering(stage: Stage, reply: AsyncGenerator[ReplyChunk, None]) -> AsyncGenerator[asyncio.Task[Delivery]]:
    task = asyncio.create_task(stage.channel.deliver(RECIPIENT, reply))
    await settle()
    yield task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_reply_is_delivered_once_it_was_heard() -> None:
    stage = Stage()

    async with delivering(stage, words("Good morning.", "How are you?")) as delivery:
        assert not delivery.done()
        stage.play_out()
        result = await delivery

    assert (result.text, result.interrupted) == ("Good morning. How are you?", False)


async def test_a_held_reply_is_cleared_at_twilio_and_kept_here() -> None:
    stage = Stage()

    async with delivering(stage, words("Good morning.", "How are you?")) as delivery:
        stage.play_out(pieces=1)
        stage.channel.hold()
        await settle()

        assert stage.phone.clears == 1
        assert not stage.channel.is_audible
        assert not delivery.done()


async def test_a_reply_that_was_held_for_nothing_goes_on_where_it_was_cut() -> None:
    stage = Stage()

    async with delivering(stage, words("Good morning.")) as delivery:
        stage.play_out(pieces=1)
        stage.channel.hold()
        stage.phone.marks.clear()
        del stage.phone.audio[:]
        stage.channel.go_on()
        assert bytes(stage.phone.audio) == b"G" * (250 * BYTES_PER_MS)
        stage.play_out()
        result = await delivery

    assert (result.text, result.interrupted) == ("Good morning.", False)


async def test_a_reply_that_was_not_held_is_not_said_twice() -> None:
    stage = Stage()

    async with delivering(stage, words("Good morning.")):
        stage.channel.go_on()

        assert bytes(stage.phone.audio) == b"G" * (500 * BYTES_PER_MS)


async def test_what_twilio_echoes_for_the_cleared_audio_is_not_taken_for_hearing() -> None:
    stage = Stage()

    async with delivering(stage, words("Good morning.")) as delivery:
        stage.channel.hold()
        stage.play_out()
        stage.channel.go_on()
        await settle()

        assert not delivery.done()
        stage.play_out()
        assert (await delivery).text == "Good morning."


async def test_an_interruption_ends_the_reply_with_what_was_heard() -> None:
    stage = Stage()

    async with delivering(stage, words("One two three four.", "Five six.")) as delivery:
        stage.play_out(pieces=1)
        stage.channel.hold()
        stage.channel.interrupt()
        stage.channel.go_on()
        result = await delivery

    assert (result.text, result.interrupted) == ("One two", True)


async def test_a_reply_that_comes_while_the_caller_speaks_waits() -> None:
    stage = Stage()
    stage.channel.hold()

    async with delivering(stage, words("Good morning.")) as delivery:
        assert stage.phone.audio == b""
        stage.channel.go_on()
        await settle()
        stage.play_out()
        assert (await delivery).text == "Good morning."


async def test_a_reply_still_being_sought_can_be_given_up() -> None:
    stage = Stage()
    stage.channel.expect()
    stage.channel.hold()
    stage.channel.interrupt()
    stage.channel.go_on()

    async with delivering(stage, words("Too late.")) as delivery:
        result = await delivery

    assert (result.text, result.interrupted) == ("", True)
    assert stage.phone.audio == b""


async def test_an_interruption_of_nothing_is_forgotten_when_a_reply_is_sought() -> None:
    stage = Stage()
    stage.channel.interrupt()
    stage.channel.expect()

    async with delivering(stage, words("Good morning.")) as delivery:
        stage.play_out()
        assert not (await delivery).interrupted


async def test_a_prepared_reply_makes_no_sound_before_it_is_wanted_and_then_sounds_at_once() -> None:
    stage = Stage()
    reply = words("Good morning.")
    stage.channel.prepare(reply)
    await settle()
    assert stage.engine.said == ["Good morning."]
    assert stage.phone.audio == b""

    async with delivering(stage, reply) as delivery:
        assert stage.engine.said == ["Good morning."]
        stage.play_out()
        result = await delivery

    assert result.text == "Good morning."
    assert result.stages_ms["reply"] == 0


async def test_a_prepared_reply_that_is_not_wanted_is_closed_unheard() -> None:
    stage = Stage()
    reply = words("Good morning.", "How are you?")
    stage.channel.prepare(reply)
    await settle()

    stage.channel.drop_prepared()
    await settle()

    assert stage.phone.audio == b""
    with pytest.raises(StopAsyncIteration):
        await anext(reply)


async def test_another_reply_takes_the_place_of_the_prepared_one() -> None:
    stage = Stage()
    stage.channel.prepare(words("Not this."))
    await settle()

    async with delivering(stage, words("But this.")) as delivery:
        stage.play_out()
        assert (await delivery).text == "But this."

    assert bytes(stage.phone.audio) == b"B" * (500 * BYTES_PER_MS)


async def test_a_slow_reply_is_preceded_by_a_request_for_patience_that_is_no_part_of_it() -> None:
    stage = Stage(filler_after_ms=1)
    comes = asyncio.Event()

    async def slow() -> AsyncGenerator[ReplyChunk, None]:
        await comes.wait()
        yield ReplyChunk(text="Here it is.", agent_id="a")

    async with delivering(stage, slow()) as delivery:
        while not stage.phone.marks:
            await asyncio.sleep(0.001)
        comes.set()
        await settle()
        stage.play_out()
        result = await delivery

    assert stage.engine.said[0] == "Wait."
    assert stage.engine.said[-1] == "Here it is."
    assert result.text == "Here it is."


async def test_a_request_for_patience_is_not_what_the_caller_waited_for() -> None:
    stage = Stage(filler_after_ms=1)
    comes = asyncio.Event()

    async def slow() -> AsyncGenerator[ReplyChunk, None]:
        await comes.wait()
        yield ReplyChunk(text="Here it is.", agent_id="a")

    began = time.perf_counter()
    async with delivering(stage, slow()) as delivery:
        while not stage.phone.marks:
            await asyncio.sleep(0.001)
        patience_asked_ms = (time.perf_counter() - began) * 1000
        comes.set()
        while "Here it is." not in stage.engine.said:
            await settle()
        stage.play_out()
        stages_ms = (await delivery).stages_ms

    assert stages_ms["speech"] >= 0
    assert stages_ms["reply"] + stages_ms["speech"] >= int(patience_asked_ms) - 1


async def test_a_reply_that_pauses_for_a_tool_asks_for_patience_once_more() -> None:
    stage = Stage(filler_after_ms=30)
    comes = asyncio.Event()

    async def pausing() -> AsyncGenerator[ReplyChunk, None]:
        yield ReplyChunk(text="Let me look.", agent_id="a")
        yield ReplyChunk(text=SENTENCE_END, agent_id="a")
        await comes.wait()
        yield ReplyChunk(text="At nine.", agent_id="a")

    async with delivering(stage, pausing()) as delivery:
        assert stage.channel._speech is not None
        stages_ms = stage.channel._speech.stages_ms
        while stage.engine.said.count("Wait.") < 2:
            stage.play_out()
            await asyncio.sleep(0.001)
        comes.set()
        await settle()
        stage.play_out()
        result = await delivery

    assert stage.engine.said == ["Let me look.", "Wait.", "Wait.", "At nine."]
    assert result.text == "Let me look. At nine."
    assert result.stages_ms == stages_ms


async def test_a_reply_that_is_not_slow_needs_no_patience() -> None:
    stage = Stage(filler_after_ms=60_000)

    async with delivering(stage, words("At once.")) as delivery:
        stage.play_out()
        await delivery

    assert stage.engine.said == ["At once."]


async def test_an_answer_that_cannot_be_spoken_becomes_an_apology() -> None:
    stage = Stage(engine=Engine(failing=lambda text: text != "Sorry."))

    async with delivering(stage, words("Good morning.", "How are you?")) as delivery:
        stage.play_out()
        result = await delivery

    assert result.text == "Sorry."


async def test_a_voice_that_cannot_even_apologise_is_reported() -> None:
    stage = Stage(engine=Engine(failing=lambda _: True))

    async with delivering(stage, words("Good morning.")) as delivery:
        with pytest.raises(SpeechUnavailable):
            await delivery


async def test_each_agent_has_a_voice_and_the_call_a_language() -> None:
    stage = Stage()
    stage.channel.use_voice("a", Voice(name="asha", language="en-IN"))
    stage.channel.use_language("hi-IN")

    async with delivering(stage, words("Namaste.")) as delivery:
        stage.play_out()
        await delivery

    assert stage.engine.voices == [Voice(name="asha", language="hi-IN")]


async def test_a_reply_of_which_nothing_was_heard_when_the_line_broke_was_not_delivered() -> None:
    stage = Stage()

    async with delivering(stage, words("Good morning.")) as delivery:
        stage.channel.cut_off()
        with pytest.raises(ProviderUnavailable):
            await delivery


async def test_a_reply_of_which_something_was_heard_when_the_line_broke_was_interrupted() -> None:
    stage = Stage()

    async with delivering(stage, words("Good morning.", "How are you?")) as delivery:
        stage.play_out(pieces=2)
        stage.channel.cut_off()
        result = await delivery

    assert (result.text, result.interrupted) == ("Good morning.", True)


async def test_the_caller_hears_no_piece_shorter_than_a_quarter_of_a_second_but_a_sentences_last() -> None:
    @dataclass
    class Crumbs(Engine):
        async def speak(self, text: str, voice: Voice) -> AsyncGenerator[bytes, None]:
            async for whole in Engine.speak(self, text, voice):
                for start in range(0, 3000, 160):
                    yield whole[start : start + 160]

    stage = Stage(engine=Crumbs())

    async with delivering(stage, words("Good morning.")):
        assert len(stage.phone.marks) == 2


async def test_words_that_the_model_writes_after_an_interruption_are_not_spoken() -> None:
    stage = Stage()
    comes = asyncio.Event()

    async def slow() -> AsyncGenerator[ReplyChunk, None]:
        yield ReplyChunk(text="Good morning. How ", agent_id="a")
        await comes.wait()
        yield ReplyChunk(text="are you?", agent_id="a")

    async with delivering(stage, slow()) as delivery:
        stage.play_out(pieces=1)
        stage.channel.hold()
        stage.channel.interrupt()
        stage.channel.go_on()
        comes.set()
        result = await delivery
        await settle()

    assert result.interrupted
    assert bytes(stage.phone.audio) == b"G" * (500 * BYTES_PER_MS)
