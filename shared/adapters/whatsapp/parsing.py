"""A Meta webhook's body as items: every entry, change and element is walked, none is dropped, none harms another.

Source: WhatsApp Business Platform, "Webhooks overview" and the reference of the fields `messages`, `calls`,
`smb_message_echoes` and `standby`.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from shared.adapters.provider_json import Malformed, bounded_facts, fingerprint, list_of, storable, text_of, time_of
from shared.adapters.whatsapp.messages import read_echo, read_message
from shared.adapters.whatsapp.statuses import read_status
from shared.domain.json_value import JSON
from shared.domain.message import ChannelNotice, InboundItem, InboundMessage, NoticeKind, StatusUpdate
from shared.errors import InvalidRequest

MOST_ITEMS = 5000
"""Of one post; Meta sends at most a thousand updates in one."""
_ECHOES = frozenset({"message_echoes", "smb_message_echoes"})
_ELEMENT_LISTS = frozenset({"messages", "statuses", "errors", "calls"}) | _ECHOES
_FURNITURE = frozenset({"messaging_product", "metadata", "contacts"})
# Somebody else talks with the user: Meta's own agent (standby), or it is what was said long ago (history).
# Kept for the record, not ours to answer.
_OVERHEARD = frozenset({"standby", "history"})
# Their `errors` are figures about an endpoint, not failures of the channel.
_WHOLE = frozenset({"flows"})
_LONGEST_TOPIC = 100


def parse_webhook(body: JSON, *, channel: str, received_at: datetime, post_id: str = "") -> tuple[InboundItem, ...]:
    """All items of a webhook's body, in its order. `post_id` is the same when the very same body is sent again.

    Raises:
        InvalidRequest: the body is not an object with a list of entries.
    """
    if not isinstance(body, dict) or not isinstance(body.get("entry"), list):
        raise InvalidRequest("The body is not a webhook notification.")
    walk = _Walk(post_id=post_id, channel=channel, received_at=received_at)
    return tuple(walk.within_bounds(walk.items(list_of(body, "entry"))))


@dataclass(slots=True, kw_only=True)
class _Walk:
    post_id: str
    channel: str
    received_at: datetime
    _seen: Counter[str] = field(default_factory=Counter)

    def within_bounds(self, items: Iterator[InboundItem]) -> Iterator[InboundItem]:
        """The first MOST_ITEMS of them, and one notice about the rest."""
        yield from itertools.islice(items, MOST_ITEMS)
        left = sum(1 for _ in items)
        if left:
            yield self._rejected("post", {"left_out": left}, f"more than {MOST_ITEMS} elements in one post")

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
        names = _lists_in(value)
        if not isinstance(value, dict) or topic in _WHOLE or not names:
            yield self._guarded(topic, value, partial(self._account_notice, topic, entry))
            return
        items = itertools.chain.from_iterable(self._elements(topic, name, value) for name in names)
        yield from self._with_the_rest(items, value)

    def _elements(self, topic: str, name: str, value: dict[str, JSON]) -> Iterator[InboundItem]:
        elements = value[name]
        if not isinstance(elements, list):
            yield self._rejected(name, elements, f"{name} is not a list")
            return
        read = partial(self._element, topic, name, value)
        for element in elements:
            yield self._guarded(name, element, read)

    def _with_the_rest(self, items: Iterator[InboundItem], value: dict[str, JSON]) -> Iterator[InboundItem]:
        """The items; the first that can carry it gets what stands beside the known lists and is not known yet."""
        rest = {name: fact for name, fact in value.items() if name not in _ELEMENT_LISTS | _FURNITURE}
        for item in items:
            if rest and isinstance(item, (InboundMessage, StatusUpdate)):
                yield replace(item, attributes={**item.attributes, "beside": self._storable_facts(rest)})
                rest = {}
            else:
                yield item

    def _storable_facts(self, facts: dict[str, JSON]) -> JSON:
        try:
            clean = storable(facts)
        except Malformed as error:
            return {"rejected": str(error)}
        return bounded_facts(clean) if isinstance(clean, dict) else clean

    def _guarded(self, topic: str, raw: JSON, read: Callable[[JSON], InboundItem]) -> InboundItem:
        try:
            return read(storable(raw))
        except Malformed as error:
            return self._rejected(topic, raw, str(error))

    def _element(self, topic: str, name: str, value: dict[str, JSON], element: JSON) -> InboundItem:
        if not isinstance(element, dict):
            raise Malformed("not an object")
        if name == "statuses":
            return read_status(element, channel=self.channel, received_at=self.received_at)
        if name == "errors":
            return self._notice(NoticeKind.ERROR, str(element.get("code", "unknown")), element)
        if name == "calls":
            return self._notice(NoticeKind.CALL, text_of(element, "event") or "unknown", element)
        if topic in _OVERHEARD:
            return self._notice(NoticeKind.ACCOUNT, topic, element)
        read = read_echo if name in _ECHOES else read_message
        return read(element, value, channel=self.channel, received_at=self.received_at)

    def _account_notice(self, topic: str, entry: JSON, value: JSON) -> ChannelNotice:
        at = time_of(value, "timestamp") or time_of(entry, "time")
        return self._notice(NoticeKind.ACCOUNT, topic, value, at=at)

    def _notice(self, kind: NoticeKind, topic: str, payload: JSON, *, at: datetime | None = None) -> ChannelNotice:
        at = at or time_of(payload, "timestamp")
        # What bears no time may happen again in the same words: then it stands in another post.
        when = self.post_id if at is None else at.isoformat()
        return ChannelNotice(
            channel=self.channel,
            notice_id=self._notice_id(kind, topic, when, payload),
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
            notice_id=self._notice_id(NoticeKind.REJECTED, topic, self.post_id, reason, payload),
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


def _lists_in(value: JSON) -> list[str]:
    """The names of the known lists that a change's value has."""
    known = value if isinstance(value, dict) else {}
    return [name for name, elements in known.items() if name in _ELEMENT_LISTS and elements is not None]
