"""What lies in the queue between webhook and worker: one inbound item as JSON, with a version."""

from __future__ import annotations

import itertools
from dataclasses import fields
from datetime import datetime
from typing import Any

import msgspec

from shared.domain.media import MediaReference
from shared.domain.message import (
    TIME_IS_INVALID,
    ChannelNotice,
    DeliveryStatus,
    InboundItem,
    InboundMessage,
    MessageKind,
    NoticeKind,
    StatusUpdate,
)
from shared.errors import InvalidRequest, NotYetReadable

SCHEMA_VERSION = 1
LARGEST_BODY_BYTES = 256 * 1024
"""The queue's limit for a message body."""

_CUT = {"is_cut": True}
_FACTS = frozenset({"attributes", "payload"})
# In characters; the longest form of one in JSON takes six bytes.
_LONGEST_TEXT_WHEN_CUT = 10_000
_LONGEST_FACT_WHEN_CUT = 1_000
_MOST_FACTS_WHEN_CUT = 40


# Attributes and payloads are `Any`: they are whatever JSON the provider sent.
class _QueuedMessage(msgspec.Struct, frozen=True, kw_only=True, tag_field="item", tag="message"):
    schema_version: int = SCHEMA_VERSION
    channel: str
    user_id: str
    provider_message_id: str
    kind: MessageKind
    text: str
    business_id: str
    sent_at: datetime
    received_at: datetime
    user_name: str | None = None
    reply_to: str | None = None
    media: tuple[MediaReference, ...] = ()
    address: str = ""
    group_id: str | None = None
    aliases: tuple[str, ...] = ()
    attributes: dict[str, Any] = {}


class _QueuedStatus(msgspec.Struct, frozen=True, kw_only=True, tag_field="item", tag="status"):
    schema_version: int = SCHEMA_VERSION
    channel: str
    provider_message_id: str
    status: DeliveryStatus | None
    reported: str
    occurred_at: datetime
    user_id: str | None = None
    correlation_id: str | None = None
    error_code: str | None = None
    error_title: str | None = None
    attributes: dict[str, Any] = {}


class _QueuedNotice(msgspec.Struct, frozen=True, kw_only=True, tag_field="item", tag="notice"):
    schema_version: int = SCHEMA_VERSION
    channel: str
    notice_id: str
    kind: NoticeKind
    topic: str
    occurred_at: datetime
    reason: str | None = None
    payload: Any = None


_Queued = _QueuedMessage | _QueuedStatus | _QueuedNotice
_FORMS: dict[type, type[_QueuedMessage | _QueuedStatus | _QueuedNotice]] = {
    InboundMessage: _QueuedMessage,
    StatusUpdate: _QueuedStatus,
    ChannelNotice: _QueuedNotice,
}
_decoder = msgspec.json.Decoder(_Queued)


def encode(item: InboundItem) -> str:
    """The item as it is queued, at most LARGEST_BODY_BYTES long.

    Lone surrogates become question marks, because UTF-8 has no place for them. Of an item that is too large, long texts
    are shortened, then whatever is long among the provider's raw facts (`attributes`, `payload`), which are marked by
    `is_cut`; if that is not enough, the mark is all that is left of the facts.
    """
    values = {field.name: getattr(item, field.name) for field in fields(item)}
    body = _encode_values(type(item), values)
    for cut in (_cut_texts, _shorten_facts, _cut_facts):
        if len(body) > LARGEST_BODY_BYTES:
            cut(values)
            body = _encode_values(type(item), values)
    return body.decode()


def decode(body: str | bytes) -> InboundItem:
    """The item in a queued body.

    Raises:
        InvalidRequest: the body is no item.
        NotYetReadable: it is of a version that this release does not know.
    """
    try:
        queued = _decoder.decode(body)
    except msgspec.DecodeError as error:
        raise InvalidRequest("The queued body is not an item.") from error
    if queued.schema_version != SCHEMA_VERSION:
        raise NotYetReadable("The queued item is of another version.", details={"version": queued.schema_version})
    values = {name: getattr(queued, name) for name in queued.__struct_fields__ if name != "schema_version"}
    if isinstance(queued, _QueuedMessage):
        return InboundMessage(**values)
    if isinstance(queued, _QueuedStatus):
        return StatusUpdate(**values)
    return ChannelNotice(**values)


def _encode_values(kind: type, values: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(_FORMS[kind](**values))
    except UnicodeEncodeError:
        return msgspec.json.encode(_FORMS[kind](**_encodable(values)))


def _encodable(value: Any) -> Any:
    if isinstance(value, str) and type(value) is str:
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {_encodable(name): _encodable(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_encodable(item) for item in value]
    if isinstance(value, MediaReference):
        return {field.name: _encodable(getattr(value, field.name)) for field in fields(value)}
    return value


def _shorten_facts(values: dict[str, Any]) -> None:
    for name in _FACTS & values.keys():
        short = _shortened(values[name])
        values[name] = short | _CUT if isinstance(short, dict) else short


def _shortened(value: Any) -> Any:
    if isinstance(value, str):
        return value[:_LONGEST_FACT_WHEN_CUT]
    if isinstance(value, dict):
        kept = itertools.islice(value.items(), _MOST_FACTS_WHEN_CUT)
        return {name[:_LONGEST_FACT_WHEN_CUT]: _shortened(item) for name, item in kept}
    if isinstance(value, list):
        return [_shortened(item) for item in value[:_MOST_FACTS_WHEN_CUT]]
    return value


def _cut_facts(values: dict[str, Any]) -> None:
    for name in _FACTS & values.keys():
        is_undated = isinstance(values[name], dict) and TIME_IS_INVALID in values[name]
        values[name] = _CUT | ({TIME_IS_INVALID: True} if is_undated else {})


def _cut_texts(values: dict[str, Any]) -> None:
    for name in {"text", "reason", "user_name", "error_title"} & values.keys():
        if values[name] is not None:
            values[name] = values[name][:_LONGEST_TEXT_WHEN_CUT]
