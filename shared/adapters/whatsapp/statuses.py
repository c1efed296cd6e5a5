"""One element of a Meta webhook's `statuses` as a StatusUpdate.

Source: WhatsApp Business Platform, "Status messages webhook reference".
"""

from __future__ import annotations

from datetime import datetime

from shared.adapters.provider_json import (
    bounded_facts,
    bounded_id,
    identity_of,
    list_of,
    object_of,
    picked,
    required_text,
    text_of,
)
from shared.adapters.whatsapp.messages import credible_time
from shared.domain.json_value import JSON
from shared.domain.message import TIME_IS_INVALID, DeliveryStatus, StatusUpdate

_LONGEST_WORD = 100
_FACTS = ("conversation", "pricing", "type", "recipient_user_id", "recipient_type", "errors")
_READ = frozenset({"id", "status", "timestamp", "recipient_id", "biz_opaque_callback_data", *_FACTS})
_STATUSES = {
    status.value: status
    for status in (
        DeliveryStatus.SENT,
        DeliveryStatus.DELIVERED,
        DeliveryStatus.READ,
        DeliveryStatus.PLAYED,
        DeliveryStatus.FAILED,
    )
}
# Of a group, the recipient is the group; who of its members got the message stands elsewhere.
_RECIPIENT = ("recipient_participant_id", "recipient_participant_user_id", "recipient_id", "recipient_user_id")


def read_status(element: dict[str, JSON], *, channel: str, received_at: datetime) -> StatusUpdate:
    """What happened to a message of ours.

    Raises:
        Malformed: the element has no id or no status.
    """
    reported = required_text(element, "status")[:_LONGEST_WORD]
    occurred_at = credible_time(element, "timestamp", received_at=received_at)
    correlation_id = text_of(element, "biz_opaque_callback_data")
    error = next(iter(list_of(element, "errors")), None)
    # Titles are deprecated by Meta; the details say what happened.
    details = text_of(object_of(error, "error_data"), "details")
    return StatusUpdate(
        channel=channel,
        provider_message_id=bounded_id(required_text(element, "id")),
        status=_STATUSES.get(reported.lower()),
        reported=reported,
        occurred_at=occurred_at or received_at,
        user_id=next((found for name in _RECIPIENT if (found := identity_of(element, name))), None),
        correlation_id=None if correlation_id is None else bounded_id(correlation_id),
        error_code=_code(error),
        error_title=details or text_of(error, "title") or text_of(error, "message"),
        attributes=_attributes(element) | ({} if occurred_at else {TIME_IS_INVALID: True}),
    )


def _code(error: JSON) -> str | None:
    code = error.get("code") if isinstance(error, dict) else None
    return str(code)[:_LONGEST_WORD] if isinstance(code, (int, str)) else None


def _attributes(element: dict[str, JSON]) -> dict[str, JSON]:
    facts = picked(element, _FACTS)
    if element.get("recipient_type") == "group":
        facts |= picked(element, ("recipient_id",))
    unread = bounded_facts({name: fact for name, fact in element.items() if name not in _READ})
    return facts | ({"unknown_fields": unread} if unread else {})
