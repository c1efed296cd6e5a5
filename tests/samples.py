"""Sample values for tests: give what matters, the rest is filled in."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from shared.domain.call import StreamTicket
from shared.domain.message import ChannelNotice, DeliveryStatus, InboundMessage, MessageKind, NoticeKind, StatusUpdate

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
_numbers = itertools.count(1)


def a_message(**given: Any) -> InboundMessage:
    """A text message; its provider id is a new one each time."""
    values: dict[str, Any] = {
        "channel": "whatsapp",
        "user_id": "919800000001",
        "provider_message_id": f"wamid.{next(_numbers)}",
        "kind": MessageKind.TEXT,
        "text": "When do you open?",
        "business_id": "100200300",
        "sent_at": NOON,
        "received_at": NOON,
    }
    return InboundMessage(**{**values, **given})


def a_status(**given: Any) -> StatusUpdate:
    """A report that a message was delivered; `reported` follows `status` unless given."""
    values: dict[str, Any] = {
        "channel": "whatsapp",
        "provider_message_id": "wamid.out",
        "status": DeliveryStatus.DELIVERED,
        "occurred_at": NOON,
    }
    values |= given
    values.setdefault("reported", str(values["status"]))
    return StatusUpdate(**values)


def a_notice(**given: Any) -> ChannelNotice:
    """A notice about the account."""
    values: dict[str, Any] = {
        "channel": "whatsapp",
        "notice_id": "notice-1",
        "kind": NoticeKind.ACCOUNT,
        "topic": "account_update",
        "occurred_at": NOON,
    }
    return ChannelNotice(**{**values, **given})


def a_ticket(**given: Any) -> StreamTicket:
    """A ticket of an inbound call."""
    values: dict[str, Any] = {
        "call_sid": "CA0001",
        "caller_id": "919800000001",
        "business_id": "918000000000",
        "slot": "CA0001",
    }
    return StreamTicket(**{**values, **given})
