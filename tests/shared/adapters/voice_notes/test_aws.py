from __future__ import annotations

import boto3
import pytest

from shared.adapters.voice_notes.aws import AwsSpeech
from shared.domain.voice import Voice
from shared.domain.voice_note import VOICE_NOTE_TYPE
from shared.errors import MediaRefused, SpeechRefused, SpeechUnavailable
from tests.local.speech.voice_notes import SATURDAY, spoken


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{tmp_path}/none")
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/none")


def engine() -> AwsSpeech:
    return AwsSpeech(boto3.Session(region_name="ap-south-1"))


async def test_without_credentials_nothing_is_heard_and_nothing_said() -> None:
    with pytest.raises(SpeechUnavailable):
        await engine().transcribe(spoken(SATURDAY), mime_type=VOICE_NOTE_TYPE)
    with pytest.raises(SpeechUnavailable):
        await engine().speak("Good morning", Voice())


async def test_what_neither_service_knows_is_refused() -> None:
    with pytest.raises(MediaRefused):
        await engine().transcribe(b"ID3", mime_type="audio/mpeg")
    with pytest.raises(SpeechRefused):
        await engine().speak("வணக்கம்", Voice(language="ta-IN"))
