"""Frames of the event stream encoding, checked against botocore's own decoder and a frame written by hand."""

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.aws.transcribe.event_stream import Message, MessageMalformed, decode_message, encode_message

HEADERS = {":content-type": "application/octet-stream", ":event-type": "AudioEvent", ":message-type": "event"}
# Two samples of audio as the developer guide lays a frame out: lengths, checksum, three headers, payload, checksum.
GOLDEN = bytes.fromhex(
    "0000006c000000585c509ce3"
    "0d3a636f6e74656e742d747970650700186170706c69636174696f6e2f6f637465742d73747265616d"
    "0b3a6576656e742d7479706507000a417564696f4576656e74"
    "0d3a6d6573736167652d747970650700056576656e74"
    "01020304"
    "744c824a"
)


def read_by_botocore(data):
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    [message] = list(buffer)
    return message.headers, message.payload


def test_audio_event_is_framed_as_the_guide_says():
    assert encode_message(Message(headers=HEADERS, payload=b"\x01\x02\x03\x04")) == GOLDEN


def test_golden_frame_passes_botocores_checksums():
    assert read_by_botocore(GOLDEN) == (HEADERS, b"\x01\x02\x03\x04")


def test_golden_frame_is_read_back():
    assert decode_message(GOLDEN) == Message(headers=HEADERS, payload=b"\x01\x02\x03\x04")


@settings(deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=50), max_size=5), st.binary(max_size=2000))
def test_whatever_is_framed_botocore_reads(headers, payload):
    assert read_by_botocore(encode_message(Message(headers=headers, payload=payload))) == (headers, payload)


@pytest.mark.parametrize("position", range(len(GOLDEN)))
def test_one_changed_byte_is_noticed(position):
    damaged = bytearray(GOLDEN)
    damaged[position] ^= 0x01

    with pytest.raises(MessageMalformed):
        decode_message(bytes(damaged))


@pytest.mark.parametrize("data", [b"", GOLDEN[:-1], GOLDEN + GOLDEN, GOLDEN + b"\0" * 12])
def test_frame_must_hold_exactly_one_message(data):
    with pytest.raises(MessageMalformed):
        decode_message(data)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_break_the_decoder(data):
    with pytest.raises(MessageMalformed):
        decode_message(data)
