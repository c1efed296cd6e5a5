"""The updates socket in the OpenAPI document says what the socket does."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import jsonschema

from local.updates_operations import updates_paths
from shared.domain.conversation import ConversationKey
from shared.domain.event import EventType, PlatformEvent
from stream_service.updates.messages import GapReason, event_frame, gap_frame

SOCKET = updates_paths()["/updates"]["get"]
NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def test_every_message_of_the_socket_is_as_described() -> None:
    key = ConversationKey(channel="voice", user_id="+919800000001")
    frames = [
        event_frame("1-0", PlatformEvent(type=kind, at=NOW, conversation_id="c-1", key=key)) for kind in EventType
    ]

    for frame in [*frames, gap_frame("1-0", NOW, GapReason.TOO_OLD)]:
        jsonschema.validate(json.loads(frame[frame.index(b"{") :]), SOCKET["x-message"]["schema"])


def test_its_examples_are_messages_of_every_kind() -> None:
    examples = SOCKET["x-message"]["examples"]

    for example in examples:
        jsonschema.validate(example, SOCKET["x-message"]["schema"])
    assert {example["type"] for example in examples} == set(EventType)
