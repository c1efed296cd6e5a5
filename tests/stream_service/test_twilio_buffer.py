"""The model itself: a wrong model would prove wrong code right."""

from __future__ import annotations

import json

import pytest

from stream_service.media.protocol import encode_clear, encode_mark, encode_media
from tests.stream_service.twilio_buffer import BYTES_PER_MS, OutOfSchema, TwilioBuffer

SID = "MZ1"


def names(echoes: list[str]) -> list[str]:
    return [json.loads(echo)["mark"]["name"] for echo in echoes]


def filled(*marks: str, duration_ms: int = 100) -> TwilioBuffer:
    """A buffer with a piece of audio before each mark."""
    twilio = TwilioBuffer(SID)
    for mark in marks:
        assert twilio.receive(encode_media(SID, mark.encode() * (duration_ms * BYTES_PER_MS))) == []
        assert twilio.receive(encode_mark(SID, mark)) == []
    return twilio


def test_audio_is_played_in_real_time_and_a_mark_echoed_when_it_is_reached() -> None:
    twilio = filled("a", "b")

    assert twilio.advance(99) == []
    assert names(twilio.advance(1)) == ["a"]
    assert names(twilio.advance(500)) == ["b"]
    assert bytes(twilio.played) == b"a" * 800 + b"b" * 800


def test_a_mark_on_an_empty_buffer_is_echoed_at_once() -> None:
    assert names(TwilioBuffer(SID).receive(encode_mark(SID, "m"))) == ["m"]


def test_a_clear_drops_the_audio_and_echoes_all_pending_marks() -> None:
    twilio = filled("a", "b")
    twilio.advance(30)

    assert names(twilio.receive(encode_clear(SID))) == ["a", "b"]
    assert twilio.advance(500) == []
    assert len(twilio.played) == 30 * BYTES_PER_MS
    assert twilio.held_ms == 0


@pytest.mark.parametrize(
    "message",
    [
        "",
        "[]",
        '{"event": "media", "media": {"payload": "AAAA"}}',
        '{"event": "media", "streamSid": "MZ1", "media": {"payload": "not base64"}}',
        '{"event": "media", "streamSid": "MZ1", "media": {"payload": "UklGRg=="}}',
        '{"event": "mark", "streamSid": "MZ1", "mark": {}}',
        '{"event": "mark", "streamSid": "MZ1", "mark": {"name": ""}}',
        '{"event": "clear", "streamSid": "MZ2"}',
        '{"event": "clear", "streamSid": "MZ1", "clear": {}}',
        '{"event": "stop", "streamSid": "MZ1", "stop": {}}',
    ],
)
def test_what_twilio_does_not_document_is_refused(message: str) -> None:
    with pytest.raises(OutOfSchema):
        TwilioBuffer(SID).receive(message)
