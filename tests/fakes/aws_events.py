"""AWS event stream messages as the services send them."""

from __future__ import annotations

import functools
import json

import boto3

from shared.adapters.aws.transcribe.event_stream import Message, encode_message

CONTENT_TYPE = "application/vnd.amazon.eventstream"


@functools.cache
def aws_session() -> boto3.Session:
    """A session with made-up credentials; shared, because it keeps the service models it has read."""
    return boto3.Session(
        aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="wJalrXUtnFEMI", region_name="ap-south-1"
    )


def event(name: str, content: object) -> bytes:
    """One event with a JSON payload."""
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return encode_message(Message(headers=headers, payload=json.dumps(content).encode()))


def exception(name: str, content: object) -> bytes:
    """One exception message, the last word of a stream."""
    headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return encode_message(Message(headers=headers, payload=json.dumps(content).encode()))
