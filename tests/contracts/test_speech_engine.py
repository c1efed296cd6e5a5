"""What every engine for voice notes promises."""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
import uvicorn

from local.speech.app import create_app
from local.speech.engines import SpeechEngines
from shared.adapters.provider_access import bearer_access
from shared.adapters.voice_notes.openai_compatible import OpenAICompatibleSpeech
from shared.adapters.voice_notes.scripted import ScriptedSpeech
from shared.domain.voice import Voice
from shared.domain.voice_note import LARGEST_SPOKEN_BYTES, VOICE_NOTE_TYPE
from shared.errors import MediaRefused
from shared.ports.secrets import FixedSecrets
from shared.ports.voice_notes import SpeechEngine
from tests.local.speech.voice_notes import SATURDAY, sound_of, spoken
from tests.stream_service.listening.utterances import MODEL_DIR


@pytest.fixture(scope="module")
def local_engines() -> Iterator[str]:
    """The local platform's program, in a thread."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(lambda: SpeechEngines(MODEL_DIR)), log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    server.should_exit = True
    thread.join(10)
    listener.close()


@pytest.fixture(params=["scripted", pytest.param("local", marks=pytest.mark.integration)])
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[SpeechEngine]:
    if request.param == "scripted":
        yield ScriptedSpeech()
        return
    client = OpenAICompatibleSpeech(
        base_url=request.getfixturevalue("local_engines"),
        access=bearer_access(lambda: "", FixedSecrets()),
        transcription_model="local",
        speech_model="local",
    )
    yield client
    await client.aclose()


async def test_the_words_of_a_voice_note(engine: SpeechEngine) -> None:
    words = await engine.transcribe(spoken(SATURDAY), mime_type=VOICE_NOTE_TYPE)

    assert "open" in words


async def test_what_is_no_sound_is_refused(engine: SpeechEngine) -> None:
    with pytest.raises(MediaRefused):
        await engine.transcribe(b"%PDF", mime_type="application/pdf")


async def test_a_voice_note_is_mono_opus_of_a_size_that_is_shown_as_one(engine: SpeechEngine) -> None:
    note = await engine.speak("The clinic opens at nine.", Voice())

    assert len(note) <= LARGEST_SPOKEN_BYTES
    samples, _, form = sound_of(note)
    assert form == "OGG/OPUS"
    assert abs(samples).max() > 0.01
