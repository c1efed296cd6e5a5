from __future__ import annotations

import httpx

from local.speech.app import create_app
from local.speech.refusal import ContentRefused
from shared.errors import SpeechUnavailable


class Engines:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.heard: list[bytes] = []

    async def transcribe(self, content: bytes) -> str:
        self.heard.append(content)
        if self.error:
            raise self.error
        return "hello there"

    async def speak(self, text: str) -> bytes:
        if self.error:
            raise self.error
        return b"OggS" + text.encode()


def client(engines: Engines | None) -> httpx.AsyncClient:
    def load() -> Engines:
        assert engines is not None
        return engines

    return httpx.AsyncClient(transport=httpx.ASGITransport(create_app(load)), base_url="http://speech")


FILE = {"file": ("voice_note.ogg", b"sound", "audio/ogg")}
WANTED = {"model": "local", "input": "Hello", "voice": "alloy", "response_format": "opus"}


async def test_a_file_is_transcribed() -> None:
    engines = Engines()

    answer = await client(engines).post(
        "/v1/audio/transcriptions", files=FILE, data={"model": "local", "language": "en"}
    )

    assert answer.json() == {"text": "hello there"}
    assert engines.heard == [b"sound"]


async def test_a_text_is_spoken() -> None:
    answer = await client(Engines()).post("/v1/audio/speech", json=WANTED)

    assert (answer.headers["content-type"], answer.content) == ("audio/ogg", b"OggSHello")


async def test_no_engine_is_loaded_before_it_is_asked() -> None:
    answer = await client(None).post("/v1/audio/speech", json={**WANTED, "input": ""})

    assert answer.status_code == 400


async def test_requests_that_make_no_sense_are_refused() -> None:
    asked = client(Engines())

    assert (await asked.post("/v1/audio/transcriptions", data={"model": "local"})).status_code == 400
    assert (await asked.post("/v1/audio/speech", content=b"{")).status_code == 400
    assert (await asked.post("/v1/audio/speech", json=[])).status_code == 400
    assert (await asked.post("/v1/audio/speech", json={**WANTED, "response_format": "mp3"})).status_code == 400


async def test_refusal_and_failure_are_told_apart() -> None:
    refusing, failing = client(Engines(ContentRefused("x"))), client(Engines(SpeechUnavailable("x")))

    assert (await refusing.post("/v1/audio/transcriptions", files=FILE)).status_code == 400
    assert (await failing.post("/v1/audio/transcriptions", files=FILE)).status_code == 503
    assert (await refusing.post("/v1/audio/speech", json=WANTED)).status_code == 400
    assert (await failing.post("/v1/audio/speech", json=WANTED)).status_code == 503
