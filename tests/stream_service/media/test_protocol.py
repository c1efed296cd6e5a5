"""Media Streams messages, byte by byte."""

from __future__ import annotations

import base64
import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidRequest
from stream_service.media import protocol
from stream_service.media.protocol import Connected, Dtmf, Mark, Media, Start, Stop

START = {
    "event": "start",
    "sequenceNumber": "1",
    "streamSid": "MZ18ad3ab5a668481ce02b83e7395059f0",
    "start": {
        "accountSid": "AC123",
        "streamSid": "MZ18ad3ab5a668481ce02b83e7395059f0",
        "callSid": "CA123",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"agent": "reception"},
    },
}


def test_a_start_tells_call_stream_and_parameters() -> None:
    event = protocol.decode(json.dumps(START))

    assert isinstance(event, Start)
    assert (event.call_sid, event.stream_sid) == ("CA123", "MZ18ad3ab5a668481ce02b83e7395059f0")
    assert event.parameters == {"agent": "reception"}


def test_media_is_decoded_audio_with_its_time() -> None:
    message = {
        "event": "media",
        "streamSid": "MZ1",
        "sequenceNumber": "4",
        "media": {
            "track": "inbound",
            "chunk": "2",
            "timestamp": "40",
            "payload": base64.b64encode(b"\xff" * 160).decode(),
        },
    }

    event = protocol.decode(json.dumps(message))

    assert isinstance(event, Media)
    assert (event.mulaw, event.timestamp_ms) == (b"\xff" * 160, 40)


@pytest.mark.parametrize("number", [3, "3", None])
def test_sequence_numbers_may_be_text_or_numbers_or_missing(number: int | str | None) -> None:
    media = {"timestamp": number or 0, "chunk": number, "payload": ""}
    message = {"event": "media", "sequenceNumber": number, "streamSid": "MZ1", "media": media}

    assert isinstance(protocol.decode(json.dumps(message)), Media)


@pytest.mark.parametrize("timestamp", ["", "soon", "-5", -5, 1e300, "9" * 5000, "1" + "0" * 400])
def test_a_time_that_is_none_is_no_time(timestamp: float | str) -> None:
    event = protocol.decode(json.dumps({"event": "media", "media": {"payload": "", "timestamp": timestamp}}))

    assert isinstance(event, Media)
    assert event.timestamp_ms == 0


@pytest.mark.parametrize("sid", ["", 'MZ"}', "MZ1\n", "MZ1\\", "x" * 65, "MZé"])
def test_a_stream_id_that_could_break_our_messages_is_refused(sid: str) -> None:
    with pytest.raises(InvalidRequest):
        protocol.decode(json.dumps({**START, "streamSid": sid}))


@pytest.mark.parametrize("timestamp", [40, 40.0, "40"])
def test_a_time_may_be_a_number_too(timestamp: float | str) -> None:
    message = {"event": "media", "media": {"chunk": 2, "timestamp": timestamp, "payload": "//8="}}

    event = protocol.decode(json.dumps(message))

    assert isinstance(event, Media)
    assert event.timestamp_ms == 40


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({"event": "connected", "protocol": "Call", "version": "1.0.0"}, Connected),
        ({"event": "mark", "streamSid": "MZ1", "mark": {"name": "m1"}}, Mark),
        ({"event": "mark", "streamSid": "MZ1", "mark": {}}, Mark),
        ({"event": "dtmf", "streamSid": "MZ1", "dtmf": {"track": "inbound_track", "digit": "1"}}, Dtmf),
        ({"event": "stop", "streamSid": "MZ1", "stop": {"accountSid": "AC1", "callSid": "CA1"}}, Stop),
    ],
)
def test_every_documented_event_is_read(message: dict[str, object], kind: type) -> None:
    assert isinstance(protocol.decode(json.dumps(message)), kind)


def test_an_event_of_tomorrow_is_passed_over() -> None:
    assert protocol.decode('{"event":"transcription","streamSid":"MZ1"}') is None


@pytest.mark.parametrize(
    "message",
    [
        "",
        "{",
        "null",
        "[]",
        '{"event":"media"}',
        '{"event":"media","media":{"payload":"***"}}',
        '{"event":7}',
        "\udcff",
    ],
)
def test_a_broken_message_is_an_invalid_request(message: str) -> None:
    with pytest.raises(InvalidRequest):
        protocol.decode(message)


@given(st.one_of(st.text(), st.binary()))
def test_no_message_raises_anything_else(message: str | bytes) -> None:
    with contextlib.suppress(InvalidRequest):
        protocol.decode(message)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    event=st.sampled_from(["connected", "start", "media", "mark", "dtmf", "stop", "other"]),
    body=JSON | st.dictionaries(st.sampled_from(["payload", "timestamp", "name", "digit", "callSid"]), JSON),
    rest=st.dictionaries(st.sampled_from(["streamSid", "sequenceNumber", "event"]), JSON, max_size=2),
)
def test_no_field_of_the_wrong_kind_raises_anything_else(event: str, body: object, rest: dict[str, object]) -> None:
    with contextlib.suppress(InvalidRequest):
        decoded = protocol.decode(json.dumps({"event": event, event: body, **rest}))
        if isinstance(decoded, Media):
            assert decoded.timestamp_ms >= 0


@given(st.binary(max_size=400), st.integers(0, 24 * 3600 * 1000), st.sampled_from([str, int]))
def test_audio_comes_as_it_was_sent(mulaw: bytes, timestamp_ms: int, kind: type) -> None:
    body = {"payload": base64.b64encode(mulaw).decode(), "timestamp": kind(timestamp_ms)}

    event = protocol.decode(json.dumps({"event": "media", "streamSid": "MZ1", "media": body}).encode())

    assert isinstance(event, Media)
    assert (event.mulaw, event.timestamp_ms) == (mulaw, timestamp_ms)


@given(st.binary(max_size=400))
def test_what_we_send_is_the_audio_in_base64(mulaw: bytes) -> None:
    message = json.loads(protocol.encode_media("MZ1", mulaw))

    assert message["event"] == "media"
    assert message["streamSid"] == "MZ1"
    assert base64.b64decode(message["media"]["payload"]) == mulaw


def test_marks_and_clears_carry_the_stream() -> None:
    mark = json.loads(protocol.encode_mark("MZ1", "m7"))

    assert mark == {"event": "mark", "streamSid": "MZ1", "mark": {"name": "m7"}}
    assert json.loads(protocol.encode_clear("MZ1")) == {"event": "clear", "streamSid": "MZ1"}
