"""TwiML is read as strictly as Twilio reads it."""

from __future__ import annotations

import pytest

from local.simulators.twiml import TwimlInvalid, parse_twiml, stream_instruction


def test_verbs_keep_their_order_attributes_and_text() -> None:
    verbs = parse_twiml('<Response><Say language="en-IN"> Hello </Say><Pause length="2"/><Hangup/></Response>')

    assert [(verb.name, verb.text, dict(verb.attributes)) for verb in verbs] == [
        ("Say", "Hello", {"language": "en-IN"}),
        ("Pause", "", {"length": "2"}),
        ("Hangup", "", {}),
    ]


@pytest.mark.parametrize("document", ["not xml", "<Other/>", "<Response>" + " " * 65536 + "</Response>"])
def test_what_is_no_twiml_is_refused(document: str) -> None:
    with pytest.raises(TwimlInvalid):
        parse_twiml(document)


def test_stream_is_read_with_its_parameters() -> None:
    (connect,) = parse_twiml(
        '<Response><Connect><Stream url="wss://host/media/t" statusCallback="/s" name="n">'
        '<Parameter name="a" value="1"/><Parameter name="b" value="2"/></Stream></Connect></Response>'
    )

    stream = stream_instruction(connect)

    assert stream is not None
    assert (stream.url, stream.status_callback, stream.name) == ("wss://host/media/t", "/s", "n")
    assert stream.parameters == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    "stream",
    [
        '<Stream url="https://host/media"/>',
        '<Stream url="wss://host/media?token=1"/>',
        f'<Stream url="wss://host/media"><Parameter name="a" value="{"x" * 499}"/></Stream>',
    ],
)
def test_stream_that_twilio_would_not_open_is_refused(stream: str) -> None:
    (connect,) = parse_twiml(f"<Response><Connect>{stream}</Connect></Response>")

    with pytest.raises(TwimlInvalid):
        stream_instruction(connect)
