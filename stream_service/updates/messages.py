"""What an updates socket says: one JSON text for each event, encoded and framed once for all who hear it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec
from websockets.frames import Frame, Opcode

from shared.domain.event import PlatformEvent
from shared.domain.json_value import JSON

GAP = "updates.gap"


class GapReason(StrEnum):
    """Why events may be missing: the reader was away for too long, or the platform could not tell them for a while."""

    TOO_OLD = "too_old"
    INTERRUPTED = "interrupted"


def event_frame(event_id: str, event: PlatformEvent) -> bytes:
    """An event as a whole frame."""
    return _frame(
        {
            "id": event_id,
            "type": event.type.value,
            "at": event.at,
            "conversation_id": event.conversation_id,
            "channel": event.key.channel,
            "user_id": event.key.user_id,
            "data": event.data,
        }
    )


def gap_frame(event_id: str, at: datetime, reason: GapReason) -> bytes:
    """Says that events after this id may be missing: whoever shows lists reads them again."""
    data: dict[str, JSON] = {"reason": reason.value}
    return _frame(
        {
            "id": event_id,
            "type": GAP,
            "at": at,
            "conversation_id": None,
            "channel": None,
            "user_id": None,
            "data": data,
        }
    )


def _frame(message: dict[str, object]) -> bytes:
    # Frames of a server are not masked, so they are the same for every socket. Source: RFC 6455, section 5.1.
    return Frame(Opcode.TEXT, msgspec.json.encode(message)).serialize(mask=False)
