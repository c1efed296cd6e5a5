"""Turns with files: what is kept, what a model is shown, what is said where nobody can read them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.media import MediaFile, MediaReference, MediaState
from shared.domain.message import InboundMessage, MessageKind, Unanswered
from shared.errors import MediaRefused, ProviderUnavailable, StoreUnavailable
from tests.fakes.clock import FrozenClock
from tests.fakes.language_model import FakeLanguageModel
from tests.fakes.media import FakeMediaChannel, FakeVoiceNotes
from tests.samples import NOON, a_message
from tests.shared.use_cases.house import House

PICTURE = MediaFile(content=b"\xff\xd8\xff picture", mime_type="image/jpeg", filename="cat.jpg")
NOTE = MediaFile(content=b"OggS note", mime_type="audio/ogg; codecs=opus")
BILL = MediaFile(content=b"%PDF- bill", mime_type="application/pdf", filename="bill.pdf")


def down() -> StoreUnavailable:
    return StoreUnavailable("The store is down.")


EYES = {"image/jpeg": 1000, "application/pdf": 1000}


@pytest.fixture
def house(clock: FrozenClock) -> House:
    clock.now = NOON
    return House(clock)


@pytest.fixture
def channel() -> FakeMediaChannel:
    return FakeMediaChannel({"picture": PICTURE, "note": NOTE, "bill": BILL})


def with_files(*ids: str, kind: MessageKind = MessageKind.IMAGE, text: str = "", **given: Any) -> InboundMessage:
    types = {"picture": "image/jpeg", "note": "audio/ogg; codecs=opus", "bill": "application/pdf"}
    media = tuple(
        MediaReference(provider_id=name, mime_type=types.get(name, "image/jpeg"), is_voice=name == "note")
        for name in ids
    )
    return a_message(kind=kind, text=text, media=media, **given)


async def known(house: House, message: InboundMessage) -> list[tuple[str, str | None]]:
    row = next(row for row in house.rows.messages if row.provider_message_id == message.provider_message_id)
    return [(file.state.value, file.reason) for file in await house.media_records.of_message(row.id)]


def key_of(house: House, message: InboundMessage, position: int = 0) -> str:
    row = next(row for row in house.rows.messages if row.provider_message_id == message.provider_message_id)
    return f"media/2026/03/02/whatsapp/{row.id}/{position}"


async def test_a_file_is_kept_and_the_user_is_told_politely(house: House, channel: FakeMediaChannel) -> None:
    message = with_files("picture")

    await house.answer(message, channel)

    assert await known(house, message) == [("stored", None)]
    assert (await house.media.get(key_of(house, message))).content == PICTURE.content
    (told,) = channel.accepted
    assert told.text.startswith("Thank you, I got your image and kept it. I can only read text for now")
    assert house.model.prompts == []


async def test_a_caption_is_answered_as_any_text(house: House, channel: FakeMediaChannel) -> None:
    message = with_files("picture", text="When do you open?")

    await house.answer(message, channel)

    assert [taken.text for taken in channel.accepted] == ["Answer 1."]
    assert await known(house, message) == [("stored", None)]


async def test_a_model_that_reads_images_is_shown_one(house: House, channel: FakeMediaChannel) -> None:
    house.model = FakeLanguageModel(reads=EYES)

    await house.answer(with_files("picture", text="What is this?"), channel)

    (prompt,) = house.model.prompts
    assert (prompt.question, prompt.enclosed.files) == ("What is this?", (PICTURE,))
    assert [taken.text for taken in channel.accepted] == ["Answer 1."]


async def test_an_image_without_words_is_a_question_to_a_model_that_reads_it(
    house: House, channel: FakeMediaChannel
) -> None:
    house.model = FakeLanguageModel(reads=EYES)

    await house.answer(with_files("picture"), channel)

    assert [prompt.enclosed.files for prompt in house.model.prompts] == [(PICTURE,)]


async def test_a_model_is_told_of_what_it_cannot_be_shown(house: House, channel: FakeMediaChannel) -> None:
    house.model = FakeLanguageModel(reads={"image/jpeg": 1000, "application/pdf": 3})

    await house.answer(with_files("picture", "bill", text="Look!"), channel)

    (prompt,) = house.model.prompts
    assert prompt.enclosed.files == (PICTURE,)
    assert prompt.enclosed.unread == ("application/pdf",)


async def test_what_only_claims_to_be_an_image_is_kept_but_not_shown(house: House) -> None:
    channel = FakeMediaChannel({"picture": MediaFile(content=b"unknown bytes", mime_type="image/jpeg")})
    house.model = FakeLanguageModel(reads=EYES)

    await house.answer(with_files("picture"), channel)

    assert house.model.prompts == []
    assert "I got your image and kept it" in channel.accepted[0].text


async def test_a_file_that_cannot_be_had_now_holds_nobody_up(house: House) -> None:
    channel = FakeMediaChannel({"picture": ProviderUnavailable("Not now.")})
    message = with_files("picture")

    await house.answer(message, channel)

    assert await known(house, message) == [("pending", None)]
    assert "will try again" in channel.accepted[0].text


async def test_a_store_that_is_down_holds_nobody_up(house: House, channel: FakeMediaChannel) -> None:
    house.faults.arm("media.put", down, after=False)
    message = with_files("picture", text="When do you open?")

    await house.answer(message, channel)

    assert await known(house, message) == [("pending", None)]
    assert [taken.text for taken in channel.accepted] == ["Answer 1."]


@pytest.mark.parametrize(
    ("reason", "said"),
    [("too_large", "too large"), ("gone", "could not open your image"), ("wrong_hash", "could not open your image")],
)
async def test_a_file_that_cannot_be_had_ever_is_noted_with_its_reason(house: House, reason: str, said: str) -> None:
    channel = FakeMediaChannel({"picture": MediaRefused("No.", reason=reason)})
    message = with_files("picture")

    await house.answer(message, channel)

    assert await known(house, message) == [("failed", reason)]
    assert said in channel.accepted[0].text


async def test_each_file_may_be_as_large_as_its_type(house: House, channel: FakeMediaChannel) -> None:
    await house.answer(with_files("picture", "note"), channel)

    assert channel.asked == [("picture", 5 * 2**20), ("note", 16 * 2**20)]


async def test_more_files_than_any_provider_sends_are_not_fetched(house: House) -> None:
    channel = FakeMediaChannel({str(number): PICTURE for number in range(12)})
    message = with_files(*(str(number) for number in range(12)))

    await house.answer(message, channel)

    assert len(channel.asked) == 10
    assert (await known(house, message))[10:] == [("failed", "too_many")] * 2


async def test_the_provider_forgets_a_file_only_once_it_is_kept(house: House, channel: FakeMediaChannel) -> None:
    house.faults.arm("media_records.note", down, after=False)
    message = with_files("picture")

    with pytest.raises(StoreUnavailable):
        await house.answer(message, channel)
    discarded_too_soon = list(channel.discarded)
    await house.answer(message, channel)

    assert discarded_too_soon == []
    assert channel.discarded == ["picture"]


async def test_a_file_is_not_fetched_again_when_the_message_is(house: House) -> None:
    channel = FakeMediaChannel({"picture": PICTURE})
    channel.failures = [ProviderUnavailable("Not now.")]
    message = with_files("picture")
    with pytest.raises(ProviderUnavailable):
        await house.answer(message, channel)

    await house.answer(message, channel)

    assert len(channel.asked) == 1
    assert len(channel.accepted) == 1


async def test_a_file_of_an_earlier_try_is_shown_to_the_model(house: House, channel: FakeMediaChannel) -> None:
    house.model = FakeLanguageModel(reads=EYES)
    house.faults.arm("history.hold_reply", down, after=False)
    message = with_files("picture", text="What is this?")
    with pytest.raises(StoreUnavailable):
        await house.answer(message, channel)

    await house.answer(message, channel)

    assert [prompt.enclosed.files[0].content for prompt in house.model.prompts] == [PICTURE.content] * 2


async def test_files_for_a_person_are_kept_too(house: House, channel: FakeMediaChannel) -> None:
    house.rows.opted_out.add(with_files("picture").key)
    message = with_files("picture")

    await house.answer(message, channel)

    assert await known(house, message) == [("stored", None)]
    assert house.rows.messages[0].unanswered is Unanswered.OPTED_OUT
    assert channel.accepted == []


async def test_a_file_of_a_user_who_was_erased_meanwhile_is_not_kept(house: House) -> None:
    class Erasing(FakeMediaChannel):
        async def fetch_media(self, reference: MediaReference, *, limit_bytes: int) -> MediaFile:
            for row in house.rows.messages:
                house.media_records.forget(row.id)
            return await super().fetch_media(reference, limit_bytes=limit_bytes)

    channel = Erasing({"picture": PICTURE})

    await house.answer(with_files("picture"), channel)

    assert house.media.files == {}


async def test_the_words_of_a_voice_note_are_answered_and_remembered(house: House, channel: FakeMediaChannel) -> None:
    house.voice_notes = FakeVoiceNotes({NOTE.content: "When do you open?"})

    answer = await house.answer(with_files("note", kind=MessageKind.AUDIO), channel)

    assert [prompt.question for prompt in house.model.prompts] == ["When do you open?"]
    assert answer is not None
    assert answer.conversation.turns[0].text == "When do you open?"
    assert house.said[0] == ("user", "When do you open?")


async def test_a_voice_note_is_heard_once(house: House, channel: FakeMediaChannel) -> None:
    house.voice_notes = FakeVoiceNotes({NOTE.content: "When do you open?"})
    house.faults.arm("history.hold_reply", down, after=False)
    message = with_files("note", kind=MessageKind.AUDIO)
    with pytest.raises(StoreUnavailable):
        await house.answer(message, channel)

    await house.answer(message, channel)

    assert len(house.voice_notes.heard) == 1
    assert [prompt.question for prompt in house.model.prompts] == ["When do you open?"] * 2


async def test_a_place_is_described_to_a_model_that_understands(house: House, channel: FakeMediaChannel) -> None:
    house.model = FakeLanguageModel(reads={"text/plain": 1000})
    place = a_message(kind=MessageKind.LOCATION, text="", attributes={"latitude": 13.08, "longitude": 80.27})

    await house.answer(place, channel)

    assert [prompt.question for prompt in house.model.prompts] == ["Location: 13.08, 80.27"]


async def test_a_place_is_acknowledged_where_no_model_understands_it(house: House, channel: FakeMediaChannel) -> None:
    await house.answer(
        a_message(kind=MessageKind.LOCATION, text="", attributes={"latitude": 13.08, "longitude": 80.27}), channel
    )

    assert channel.accepted[0].text.startswith("Thank you, I got your location. I can only read text for now")


async def test_the_state_of_a_file_does_not_depend_on_its_neighbours(house: House) -> None:
    channel = FakeMediaChannel({"a": MediaRefused("No.", reason="gone"), "b": PICTURE, "c": ProviderUnavailable("No.")})
    message = with_files("a", "b", "c")

    await house.answer(message, channel)

    assert await known(house, message) == [
        (MediaState.FAILED, "gone"),
        (MediaState.STORED, None),
        (MediaState.PENDING, None),
    ]


async def test_the_same_message_twice_keeps_one_copy(house: House, channel: FakeMediaChannel) -> None:
    message = with_files("picture")
    await house.answer(message, channel)

    await house.answer(replace(message), channel)

    assert [len(copies) for copies in house.media.files.values()] == [1]
    assert len(channel.accepted) == 1
