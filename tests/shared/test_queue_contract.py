"""Items survive the queue, whatever providers put into them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as some

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
from shared.queue_contract import LARGEST_BODY_BYTES, decode, encode
from tests.samples import a_message, a_notice, a_status

TEXT = some.text(max_size=30)
OPTIONAL_TEXT = some.none() | TEXT
ZONES = some.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])
# msgspec writes whole minutes of an offset; providers' times have whole seconds or less.
TIMES = some.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=ZONES)  # noqa: DTZ001
FACTS = some.recursive(
    some.none()
    | some.booleans()
    | some.integers(-(2**53), 2**53)
    | some.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
ATTRIBUTES = some.dictionaries(TEXT, FACTS, max_size=4)

FILES = some.builds(
    MediaReference,
    provider_id=TEXT,
    url=TEXT,
    mime_type=TEXT,
    sha256=OPTIONAL_TEXT,
    filename=OPTIONAL_TEXT,
    is_voice=some.booleans(),
)
MESSAGES = some.builds(
    InboundMessage,
    channel=TEXT,
    user_id=TEXT,
    provider_message_id=TEXT,
    kind=some.sampled_from(MessageKind),
    text=TEXT,
    business_id=TEXT,
    sent_at=TIMES,
    received_at=TIMES,
    user_name=OPTIONAL_TEXT,
    reply_to=OPTIONAL_TEXT,
    media=some.lists(FILES, max_size=2).map(tuple),
    address=TEXT,
    group_id=OPTIONAL_TEXT,
    aliases=some.lists(TEXT, max_size=3).map(tuple),
    attributes=ATTRIBUTES,
)
STATUSES = some.builds(
    StatusUpdate,
    channel=TEXT,
    provider_message_id=TEXT,
    status=some.none() | some.sampled_from(DeliveryStatus),
    reported=TEXT,
    occurred_at=TIMES,
    user_id=OPTIONAL_TEXT,
    correlation_id=OPTIONAL_TEXT,
    error_code=OPTIONAL_TEXT,
    error_title=OPTIONAL_TEXT,
    attributes=ATTRIBUTES,
)
NOTICES = some.builds(
    ChannelNotice,
    channel=TEXT,
    notice_id=TEXT,
    kind=some.sampled_from(NoticeKind),
    topic=TEXT,
    occurred_at=TIMES,
    reason=OPTIONAL_TEXT,
    payload=FACTS,
)


@given(MESSAGES | STATUSES | NOTICES)
def test_every_item_comes_out_as_it_went_in(item: InboundItem) -> None:
    assert decode(encode(item)) == item


def test_the_body_is_flat_json_with_a_version() -> None:
    body = json.loads(encode(a_message(text="Namaste", attributes={"a": 1})))

    assert body["schema_version"] == 1
    assert body["item"] == "message"
    assert (body["text"], body["kind"], body["attributes"]) == ("Namaste", "text", {"a": 1})
    assert body["sent_at"] == "2026-03-02T12:00:00Z"


@pytest.mark.parametrize(("item", "name"), [(a_status(), "status"), (a_notice(), "notice")])
def test_the_body_says_what_it_is(item: InboundItem, name: str) -> None:
    assert json.loads(encode(item))["item"] == name


def test_fields_of_a_newer_release_are_passed_over() -> None:
    body = json.loads(encode(a_message())) | {"mood": "sunny"}

    assert isinstance(decode(json.dumps(body)), InboundMessage)


@pytest.mark.parametrize(
    "body",
    ["", "{}", "[]", "null", "not json", '{"item":"message"}', '{"item":"wish","schema_version":1}', b"\xff\xfe"],
)
def test_what_is_no_item_is_refused(body: str | bytes) -> None:
    with pytest.raises(InvalidRequest):
        decode(body)


def test_a_body_from_before_there_were_files_groups_and_aliases_is_read() -> None:
    body = json.loads(encode(a_message(text="Namaste")))
    for name in ("media", "address", "group_id", "aliases"):
        del body[name]

    message = decode(json.dumps(body))

    assert isinstance(message, InboundMessage)
    assert (message.text, message.media, message.address, message.group_id, message.aliases) == (
        "Namaste", (), "", None, (),
    )  # fmt: skip


def test_an_unknown_version_is_left_to_a_release_that_knows_it() -> None:
    body = json.loads(encode(a_message())) | {"schema_version": 2}

    with pytest.raises(NotYetReadable):
        decode(json.dumps(body))


def test_lone_surrogates_do_not_stop_an_item() -> None:
    file = MediaReference(url="https://x/\ud800")
    message = a_message(text="a\ud800b", attributes={"\udfff": ["\ud800"]}, media=(file,), aliases=("IN.\ud800",))

    decoded = decode(encode(message))

    assert isinstance(decoded, InboundMessage)
    assert (decoded.text, decoded.media[0].url, decoded.aliases) == ("a?b", "https://x/?", ("IN.?",))


@pytest.mark.parametrize(
    ("item", "kept"),
    [
        (a_notice(payload={"huge": "x" * 400_000, "small": 1}), {"huge": "x" * 1000, "small": 1, "is_cut": True}),
        (a_notice(payload=["x" * 400_000]), ["x" * 1000]),
        (a_message(attributes={"huge": ["\u0928" * 9] * 40_000}), {"huge": ["\u0928" * 9] * 40, "is_cut": True}),
        (a_status(attributes={"huge": [["\x00" * 999] * 40] * 40}), {"is_cut": True}),
        (
            a_status(attributes={"huge": [["\x00" * 999] * 40] * 40, TIME_IS_INVALID: True}),
            {"is_cut": True, TIME_IS_INVALID: True},
        ),
    ],
)
def test_of_raw_facts_that_are_too_large_as_much_is_kept_as_fits(item: InboundItem, kept: object) -> None:
    body = encode(item)

    found = decode(body)
    assert len(body.encode()) <= LARGEST_BODY_BYTES
    assert (found.payload if isinstance(found, ChannelNotice) else found.attributes) == kept


def test_facts_are_left_alone_where_a_text_is_what_is_too_large() -> None:
    found = decode(encode(a_message(text="x" * 400_000, attributes={"payload": "y" * 5000})))

    assert isinstance(found, InboundMessage)
    assert (len(found.text), found.attributes) == (10_000, {"payload": "y" * 5000})


def test_a_text_that_is_too_large_is_shortened() -> None:
    body = encode(a_message(text="न" * 400_000, user_name="\x00" * 400_000))

    kept = decode(body)
    assert isinstance(kept, InboundMessage)
    assert len(body.encode()) <= LARGEST_BODY_BYTES
    assert kept.text.startswith("ननन")
