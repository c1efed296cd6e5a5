"""A Meta webhook's body as items: every entry, change and element is walked, none is dropped, none harms another.

Source: WhatsApp Business Platform, "Webhooks overview" and the reference of the fields `messages`, `calls`,
`smb_message_echoes` and `standby`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from shared.adapters.provider_json import (
    Malformed,
    fingerprint,
    list_of,
    object_of,
    picked,
    required_text,
    storable,
    text_of,
    time_of,
)
from shared.adapters.whatsapp.messages import read_echo, read_message
from shared.domain.json_value import JSON
from shared.domain.message import ChannelNotice, DeliveryStatus, InboundItem, NoticeKind, StatusUpdate
from shared.errors import InvalidRequest

_ECHOES = frozenset({"message_echoes", "smb_message_echoes"})
_ELEMENT_LISTS = frozenset({"messages", "statuses", "errors", "calls"}) | _ECHOES
_STANDBY = "standby"
_LONGEST_TOPIC = 100
_STATUS_FACTS = ("conversation", "pricing", "type", "recipient_user_id", "recipient_type", "errors")
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


def parse_webhook(body: JSON, *, channel: str, received_at: datetime) -> tuple[InboundItem, ...]:
    """All items of a webhook's body, in its order.

    Raises:
        InvalidRequest: the body is not an object with a list of entries.
    """
    if not isinstance(body, dict) or not isinstance(body.get("entry"), list):
        raise InvalidRequest("The body is not a webhook notification.")
    return tuple(_Walk(channel=channel, received_at=received_at).items(list_of(body, "entry")))


@dataclass(slots=True, kw_only=True)
class _Walk:
    channel: str
    received_at: datetime
    _seen: Counter[str] = field(default_factory=Counter)

    def items(self, entries: list[JSON]) -> Iterator[InboundItem]:
        for entry in entries:
            changes = entry.get("changes") if isinstance(entry, dict) else None
            if not isinstance(changes, list):
                yield self._rejected("entry", entry, "changes is missing or is not a list")
                continue
            for change in changes:
                yield from self._change(change, entry)

    def _change(self, change: JSON, entry: JSON) -> Iterator[InboundItem]:
        topic = text_of(change, "field")
        if topic is None or not isinstance(change, dict) or "value" not in change:
            yield self._rejected("change", change, "field or value is missing")
            return
        value = change["value"]
        names = [name for name in value if name in _ELEMENT_LISTS] if isinstance(value, dict) else []
        if not names:
            yield self._guarded(topic, value, partial(self._account_notice, topic, entry))
        for name in names:
            yield from self._elements(topic, name, object_of(change, "value"))

    def _elements(self, topic: str, name: str, value: dict[str, JSON]) -> Iterator[InboundItem]:
        elements = value[name]
        if not isinstance(elements, list):
            yield self._rejected(name, elements, f"{name} is not a list")
            return
        read = partial(self._element, topic, name, value)
        for element in elements:
            yield self._guarded(name, element, read)

    def _guarded(self, topic: str, raw: JSON, read: Callable[[JSON], InboundItem]) -> InboundItem:
        try:
            return read(storable(raw))
        except Malformed as error:
            return self._rejected(topic, raw, str(error))

    def _element(self, topic: str, name: str, value: dict[str, JSON], element: JSON) -> InboundItem:
        if not isinstance(element, dict):
            raise Malformed("not an object")
        if name == "statuses":
            return self._status(element)
        if name == "errors":
            return self._notice(NoticeKind.ERROR, str(element.get("code", "unknown")), element)
        if name == "calls":
            return self._notice(NoticeKind.CALL, text_of(element, "event") or "unknown", element)
        if topic == _STANDBY:
            # Somebody else (Meta's own agent) talks with this user now: kept for the record, not ours to answer.
            return self._notice(NoticeKind.ACCOUNT, _STANDBY, element)
        read = read_echo if name in _ECHOES else read_message
        return read(element, value, channel=self.channel, received_at=self.received_at)

    def _status(self, element: dict[str, JSON]) -> StatusUpdate:
        reported = required_text(element, "status")
        error = next(iter(list_of(element, "errors")), None)
        occurred_at = time_of(element, "timestamp")
        code = error.get("code") if isinstance(error, dict) else None
        details = text_of(object_of(error, "error_data"), "details")
        return StatusUpdate(
            channel=self.channel,
            provider_message_id=required_text(element, "id"),
            status=_STATUSES.get(reported.lower()),
            reported=reported,
            occurred_at=occurred_at or self.received_at,
            user_id=text_of(element, "recipient_id") or text_of(element, "recipient_user_id"),
            correlation_id=text_of(element, "biz_opaque_callback_data"),
            error_code=None if code is None else str(code),
            # Titles are deprecated by Meta; the details say what happened.
            error_title=details or text_of(error, "title") or text_of(error, "message"),
            attributes=picked(element, _STATUS_FACTS) | ({} if occurred_at else {"timestamp_is_invalid": True}),
        )

    def _account_notice(self, topic: str, entry: JSON, value: JSON) -> ChannelNotice:
        at = time_of(value, "timestamp") or time_of(entry, "time")
        return self._notice(NoticeKind.ACCOUNT, topic, value, at=at)

    def _notice(self, kind: NoticeKind, topic: str, payload: JSON, *, at: datetime | None = None) -> ChannelNotice:
        at = at or time_of(payload, "timestamp")
        return ChannelNotice(
            channel=self.channel,
            notice_id=self._notice_id(kind, topic, None if at is None else at.isoformat(), payload),
            kind=kind,
            topic=topic[:_LONGEST_TOPIC],
            occurred_at=at or self.received_at,
            payload=payload,
        )

    def _rejected(self, topic: str, raw: JSON, reason: str) -> ChannelNotice:
        try:
            payload = storable(raw)
        except Malformed:
            payload = None
        return ChannelNotice(
            channel=self.channel,
            notice_id=self._notice_id(NoticeKind.REJECTED, topic, reason, payload),
            kind=NoticeKind.REJECTED,
            topic=topic[:_LONGEST_TOPIC],
            occurred_at=self.received_at,
            reason=reason,
            payload=payload,
        )

    def _notice_id(self, *facts: JSON) -> str:
        """The same for the same notice sent again; different for twins within one notification."""
        name = fingerprint(*facts)
        self._seen[name] += 1
        return name if self._seen[name] == 1 else f"{name}-{self._seen[name]}"
