"""Voice notes in a turn: heard, answered, and spoken to whoever wants to hear."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.agent import VoiceNotePolicy
from shared.domain.content import FileKind
from shared.domain.media import MediaFile, MediaReference
from shared.domain.message import DeliveryStatus, InboundMessage, MessageKind
from shared.domain.prompt import TextPiece
from shared.domain.voice import Voice
from shared.domain.voice_note import LONGEST_SPOKEN_CHARACTERS, VOICE_NOTE_TYPE, Unheard
from shared.errors import MediaRefused, ProviderBusy, ProviderRejected, ProviderUnavailable, SpeechUnavailable
from shared.use_cases.hear_voice_notes import HearVoiceNotes
from shared.use_cases.voice_replies import CANNOT_SPEAK, WILL_SPEAK, WILL_WRITE
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Killed
from tests.fakes.language_model import FakeLanguageModel
from tests.fakes.note_channel import FakeNoteChannel
from tests.fakes.stores import FakeAgentStore
from tests.fakes.voice_notes import FakeSpeechEngine
from tests.samples import NOON, a_message
from tests.shared.domain.test_voice_note import opus
from tests.shared.use_cases.house import LEASE_SECONDS, RULES, House, an_agent

QUESTION, LONG = opus(1), opus(301, 8_000)
ASK = "please answer with a voice note"


@pytest.fixture
def house(clock: FrozenClock) -> House:
    clock.now = NOON
    house = House(clock)
    house.speech_engine = FakeSpeechEngine({QUESTION: "When do you open?"})
    house.voice_notes = HearVoiceNotes(house.speech_engine)
    return house


@pytest.fixture
def channel() -> FakeNoteChannel:
    return FakeNoteChannel({"m1": MediaFile(content=QUESTION, mime_type="audio/ogg")})


def a_note(media_id: str = "m1", **given: Any) -> InboundMessage:
    reference = MediaReference(provider_id=media_id, mime_type=VOICE_NOTE_TYPE, is_voice=True)
    return a_message(kind=MessageKind.AUDIO, text="", media=(reference,), **given)


def with_policy(house: House, policy: VoiceNotePolicy, **given: Any) -> None:
    house.agents = FakeAgentStore((an_agent("reception", voice_notes=policy, **given),), RULES[1:], ())


async def test_a_voice_note_is_answered_like_the_words_in_it(house: House, channel: FakeNoteChannel) -> None:
    await house.answer(a_note(), channel)

    assert [sent.text for sent in channel.accepted] == ["Answer 1."]
    assert house.said == [("user", "When do you open?"), ("agent", "Answer 1.")]
    (row, _) = house.rows.messages
    assert row.kind is MessageKind.AUDIO
    assert (await house.media_records.of_message(row.id))[0].transcript == "When do you open?"


@pytest.mark.parametrize(
    ("file", "failure", "said"),
    [
        (LONG, None, "five minutes"),
        (opus(2), None, "could not make out the words"),
        (QUESTION, SpeechUnavailable("x"), "cannot listen to it at the moment"),
        (QUESTION, MediaRefused("x", reason=Unheard.UNREADABLE), "cannot play your voice message"),
    ],
)
async def test_what_cannot_be_heard_gets_a_polite_answer(
    house: House, file: bytes, failure: Exception | None, said: str
) -> None:
    channel = FakeNoteChannel({"m1": MediaFile(content=file, mime_type="audio/ogg")})
    house.speech_engine.failure = failure

    await house.answer(a_note(), channel)

    assert len(channel.accepted) == 1
    assert said in channel.accepted[0].text
    assert house.model.prompts == []


async def test_whoever_asks_for_voice_notes_gets_them_until_they_ask_for_text(
    house: House, channel: FakeNoteChannel
) -> None:
    await house.answer(a_message(text=ASK), channel)
    await house.answer(a_message(), channel)
    await house.answer(a_message(text="in text please"), channel)
    await house.answer(a_message(), channel)

    spoken = [text for text, _ in house.speech_engine.spoken]
    assert spoken == [WILL_SPEAK, "Answer 1."]
    assert len(channel.notes) == 2
    assert [sent.text for sent in channel.accepted] == [WILL_WRITE, "Answer 2."]


async def test_a_voice_note_leaves_as_whatsapp_wants_it_and_its_words_are_kept(
    house: House, channel: FakeNoteChannel
) -> None:
    await house.answer(a_message(text=ASK), channel)
    answer = await house.answer(a_message(), channel)

    note = channel.notes[1]
    assert note.content.file_kind is FileKind.VOICE
    assert note.file is not None
    assert (note.file.mime_type, note.file.filename) == ("audio/ogg; codecs=opus", "reply.ogg")
    assert answer is not None
    assert answer.delivery is not None
    assert (answer.delivery.text, answer.delivery.provider_message_ids) == ("Answer 1.", ("note-2",))
    assert answer.delivery.attributes["form"] == "voice_note"
    assert house.said[-1] == ("agent", "Answer 1.")


async def test_a_question_asked_together_with_the_form_is_answered_in_it(
    house: House, channel: FakeNoteChannel
) -> None:
    await house.answer(a_message(text="When do you open? Please reply with a voice note"), channel)

    assert [text for text, _ in house.speech_engine.spoken] == ["Answer 1."]


async def test_it_is_said_in_the_agents_voice_and_hindi_in_hindi(house: House, channel: FakeNoteChannel) -> None:
    with_policy(house, VoiceNotePolicy.ON_REQUEST, voice="Kajal", language="en-IN")
    await house.answer(a_message(text=ASK), channel)
    house.model = FakeLanguageModel({"reception": [[TextPiece(text="हम नौ बजे खुलते हैं।")]]})

    await house.answer(a_message(), channel)

    assert [voice for _, voice in house.speech_engine.spoken] == [
        Voice(name="Kajal", language="en-IN"),
        Voice(name="Kajal", language="hi-IN"),
    ]


async def test_marks_of_writing_are_not_spoken(house: House, channel: FakeNoteChannel) -> None:
    await house.answer(a_message(text=ASK), channel)
    house.model = FakeLanguageModel({"reception": [[TextPiece(text="*Open* from `nine`:\n- daily")]]})

    await house.answer(a_message(), channel)

    assert house.speech_engine.spoken[-1][0] == "Open from nine: daily"
    assert house.said[-1] == ("agent", "*Open* from `nine`:\n- daily")


async def test_an_agent_that_mirrors_answers_voice_by_voice_and_text_by_text(
    house: House, channel: FakeNoteChannel
) -> None:
    with_policy(house, VoiceNotePolicy.MIRROR)

    await house.answer(a_note(), channel)
    await house.answer(a_message(), channel)

    assert (len(channel.notes), len(channel.accepted)) == (1, 1)


async def test_an_agent_that_never_speaks_says_so(house: House, channel: FakeNoteChannel) -> None:
    with_policy(house, VoiceNotePolicy.NEVER)

    await house.answer(a_message(text=ASK), channel)

    assert channel.notes == []
    assert [sent.text for sent in channel.accepted] == [CANNOT_SPEAK]


async def test_without_an_engine_everything_is_written(house: House, channel: FakeNoteChannel) -> None:
    house.speech_engine = None

    await house.answer(a_message(text=ASK), channel)
    await house.answer(a_message(), channel)

    assert [sent.text for sent in channel.accepted] == [CANNOT_SPEAK, "Answer 1."]


async def test_what_takes_long_to_hear_is_written(house: House, channel: FakeNoteChannel) -> None:
    await house.answer(a_message(text=ASK), channel)
    house.model = FakeLanguageModel({"reception": [[TextPiece(text="x" * (LONGEST_SPOKEN_CHARACTERS + 1))]]})

    await house.answer(a_message(), channel)

    assert (len(channel.notes), len(channel.accepted)) == (1, 1)


async def test_words_go_when_nobody_can_speak_them(house: House, channel: FakeNoteChannel) -> None:
    await house.answer(a_message(text=ASK), channel)
    house.speech_engine.failure = SpeechUnavailable("x")

    await house.answer(a_message(), channel)

    assert (len(channel.notes), [sent.text for sent in channel.accepted]) == (1, ["Answer 1."])


@pytest.mark.parametrize("failure", [ProviderRejected("x", provider_code="131053"), ProviderBusy("x")])
async def test_words_go_when_the_provider_does_not_take_the_voice_note(
    house: House, channel: FakeNoteChannel, failure: Exception
) -> None:
    channel.note_failures.append(failure)

    answer = await house.answer(a_message(text=ASK), channel)

    assert (channel.notes, [sent.text for sent in channel.accepted]) == ([], [WILL_SPEAK])
    assert answer is not None
    assert answer.delivery is not None
    assert answer.delivery.status is DeliveryStatus.SENT


async def test_a_voice_note_that_was_perhaps_not_sent_goes_as_words_the_next_time(
    house: House, channel: FakeNoteChannel
) -> None:
    message = a_message(text=ASK)
    channel.note_failures.append(ProviderUnavailable("x"))
    with pytest.raises(ProviderUnavailable):
        await house.answer(message, channel)

    await house.answer(message, channel)

    assert (channel.notes, [sent.text for sent in channel.accepted]) == ([], [WILL_SPEAK])


@pytest.mark.parametrize(
    ("killed_at", "after"),
    [
        ("reply_forms.keep", True),
        ("history.hold_reply", False),
        ("history.hold_reply", True),
        ("history.mark_sending", False),
        ("history.mark_sending", True),
        ("channel.deliver_content", False),
    ],
)
async def test_it_is_said_once_whenever_the_worker_is_killed(
    house: House,
    channel: FakeNoteChannel,
    killed_at: str,
    after: bool,  # noqa: FBT001 - a row of the table
) -> None:
    message = a_message(text=ASK)
    house.faults.arm(killed_at, Killed, after=after)
    with pytest.raises(Killed):
        await house.answer(message, house.faults.wrap(channel, "channel"))
    house.clock.advance(seconds=LEASE_SECONDS)

    await house.answer(message, channel)
    await house.answer(message, channel)

    assert len(channel.notes) + len(channel.accepted) == 1
    assert [row.text for row in house.replies] == [WILL_SPEAK]


async def test_a_provider_that_fetches_files_is_given_an_address(house: House) -> None:
    channel = FakeNoteChannel({}, takes_uploads=False)

    await house.answer(a_message(text=ASK), channel)

    (note,) = channel.notes
    assert note.file is None
    assert note.content.link
    assert (note.content.filename, note.content.mime_type) == ("reply.ogg", VOICE_NOTE_TYPE)
