"""WhatsApp voice notes: a spoken question is answered, and whoever asks for it hears the answers."""

from __future__ import annotations

import difflib
from typing import Any

import httpx
import pytest

from local.simulators.sent_messages import NoReply, Reply
from local.simulators.whatsapp_user import TwilioWhatsAppUser, WhatsAppUser
from local.speech.sound import read_sound
from shared.domain.spoken.words import words_of
from shared.domain.voice_note import VOICE_NOTE_TYPE
from shared.use_cases.voice_replies import WILL_SPEAK
from stream_service.listening.moonshine_model import MoonshineModel
from tests.end_to_end.platform import Platform, eventually
from tests.local.speech.voice_notes import SATURDAY, sound_of, spoken
from tests.stream_service.listening.utterances import MODEL_DIR

pytestmark = pytest.mark.integration
PATIENCE_SECONDS = 60
"""The models are loaded for the first voice note."""


async def turns_of(platform: Platform, user_id: str, count: int) -> list[dict[str, Any]]:
    """The turns of a user's conversation, once there are so many."""

    async def look() -> list[dict[str, Any]] | None:
        found = (await platform.data("/api/v1/conversations", user_id=user_id))["items"]
        if not found:
            return None
        turns: list[dict[str, Any]] = (await platform.data(f"/api/v1/conversations/{found[0]['id']}/messages"))["items"]
        return turns if len(turns) >= count else None

    return await eventually(look)


async def downloaded(platform: Platform, media_id: str) -> tuple[str, bytes]:
    """The type and the content of a file that the platform gave to Meta."""
    async with httpx.AsyncClient(base_url=platform.facts["simulator_url"], trust_env=False) as client:
        headers = {"authorization": "Bearer local-whatsapp-access-token"}
        facts = (await client.get(f"/v26.0/{media_id}", headers=headers)).raise_for_status().json()
        file = (await client.get(facts["url"], headers=headers)).raise_for_status()
    return facts["mime_type"], file.content


def likeness(one: str, other: str) -> float:
    """How much two texts say the same words, 0..1."""
    return difflib.SequenceMatcher(None, words_of(one), words_of(other)).ratio()


def words_in(note: bytes) -> str:
    """What is said in a voice note, heard anew."""
    return MoonshineModel.load(MODEL_DIR).transcribe(read_sound(note))


async def one_reply(user: WhatsAppUser | TwilioWhatsAppUser) -> Reply:
    (reply,) = await user.hear(timeout_seconds=PATIENCE_SECONDS)
    return reply


async def test_a_spoken_question_is_answered_from_the_agents_knowledge(platform: Platform) -> None:
    async with WhatsAppUser(platform.stack().whatsapp_number, wa_id="919800000501") as user:
        note = await user.upload(spoken(SATURDAY), VOICE_NOTE_TYPE)
        await user.send(user.messages.voice_note(note))
        reply = await one_reply(user)

    assert reply.kind == "text"
    assert "Saturday" in reply.text
    question, answer = await turns_of(platform, "919800000501", 2)
    assert (question["kind"], answer["text"]) == ("audio", reply.text)
    assert likeness(question["text"], SATURDAY) > 0.8


async def test_whoever_asks_for_voice_notes_hears_the_answers_and_reads_them_in_the_history(
    platform: Platform,
) -> None:
    async with WhatsAppUser(platform.stack().whatsapp_number, wa_id="919800000502") as user:
        await user.say("please answer with a voice note")
        confirmed = await one_reply(user)
        await user.say("Which days of the week is the clinic open?")
        answered = await one_reply(user)
        await user.say("in text please")
        written = await one_reply(user)

    assert (confirmed.kind, answered.kind, written.kind) == ("audio", "audio", "text")
    assert answered.media is not None
    mime_type, content = await downloaded(platform, answered.media)
    assert mime_type == "audio/ogg; codecs=opus"
    assert sound_of(content)[2] == "OGG/OPUS"
    turns = await turns_of(platform, "919800000502", 6)
    (said,) = [turn["text"] for turn in turns if turn["provider_message_id"] == answered.provider_id]
    assert "Monday to Friday" in said
    assert likeness(words_in(content), said) > 0.8


async def test_a_voice_note_that_meta_does_not_take_goes_as_text_once(platform: Platform) -> None:
    async with (
        WhatsAppUser(platform.stack().whatsapp_number, wa_id="919800000504") as user,
        httpx.AsyncClient(base_url=platform.facts["simulator_url"], trust_env=False) as simulator,
    ):
        fault = {"provider": "whatsapp", "path": "*/media", "status": 500, "times": 9}
        (await simulator.post("/faults", json=fault)).raise_for_status()
        await user.say("reply with a voice note")
        reply = await one_reply(user)
        await simulator.delete("/faults")
        with pytest.raises(NoReply):
            await user.hear(timeout_seconds=8)

    assert (reply.kind, reply.text) == ("text", WILL_SPEAK)


async def test_a_user_of_twilio_is_heard_and_hears_too(platform: Platform) -> None:
    facts = platform.facts
    async with TwilioWhatsAppUser(
        base_url=facts["base_url"],
        simulator_url=facts["simulator_url"],
        account_sid=facts["twilio_account_sid"],
        auth_token=facts["twilio_auth_token"],
        wa_id="919800000503",
    ) as user:
        note = await user.upload(spoken(SATURDAY), "audio/ogg")
        await user.send(user.forms.file("audio", note))
        written = await one_reply(user)
        await user.say("reply with a voice note")
        heard = await one_reply(user)

    assert "Saturday" in written.text
    assert heard.media is not None
    async with httpx.AsyncClient(trust_env=False) as client:
        file = (await client.get(heard.media)).raise_for_status()
    assert sound_of(file.content)[2] == "OGG/OPUS"
    assert likeness(words_in(file.content), WILL_SPEAK) > 0.8
