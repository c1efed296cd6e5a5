"""Stream messages are written and read by Twilio's schema."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from local.simulators.media_messages import (
    AudioMessage,
    ClearMessage,
    MalformedMessage,
    MarkMessage,
    StreamScript,
    read_server_message,
)


def server_message(**parts: Any) -> str:
    """A message of the server to stream MZ1."""
    return json.dumps({"streamSid": "MZ1", **parts})


def test_every_message_after_connected_is_numbered_in_order() -> None:
    script = StreamScript(account_sid="AC1", call_sid="CA1", stream_sid="MZ1")

    connected = json.loads(script.connected())
    texts = [script.start({}), script.media(b"a" * 160), script.mark("m"), script.dtmf("5"), script.stop()]

    assert "sequenceNumber" not in connected
    assert [json.loads(text)["sequenceNumber"] for text in texts] == ["1", "2", "3", "4", "5"]
    assert [json.loads(text)["event"] for text in texts] == ["start", "media", "mark", "dtmf", "stop"]


def test_timestamp_says_where_the_audio_begins() -> None:
    script = StreamScript(account_sid="AC1", call_sid="CA1", stream_sid="MZ1")

    timestamps = [json.loads(script.media(b"a" * size))["media"]["timestamp"] for size in (160, 320, 160)]

    assert timestamps == ["0", "20", "60"]


def test_audio_mark_and_clear_are_understood() -> None:
    audio = server_message(event="media", media={"payload": base64.b64encode(b"abc").decode()})
    mark = server_message(event="mark", mark={"name": "m1"})

    read = [read_server_message(text, stream_sid="MZ1") for text in (audio, mark, server_message(event="clear"))]

    assert read == [AudioMessage(mulaw=b"abc"), MarkMessage(name="m1"), ClearMessage()]


@pytest.mark.parametrize(
    "message",
    [
        b"\x00",
        "not json",
        json.dumps({"event": "clear"}),
        json.dumps({"event": "clear", "streamSid": "MZ2"}),
        server_message(event="dance"),
        server_message(event="media", media={"payload": "***"}),
        server_message(event="media", media={"payload": base64.b64encode(b"RIFF....WAVE").decode()}),
        server_message(event="mark", mark={}),
        server_message(event="mark"),
    ],
)
def test_what_twilio_reports_as_an_error_is_malformed(message: str | bytes) -> None:
    with pytest.raises(MalformedMessage):
        read_server_message(message, stream_sid="MZ1")
