"""Walking a Meta notification: every element becomes exactly one item, whatever it looks like."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import queue_contract
from shared.adapters.provider_json import DEEPEST_ELEMENT, decode_json
from shared.adapters.whatsapp.parsing import MOST_ITEMS, parse_webhook
from shared.domain.message import (
    ChannelNotice,
    DeliveryStatus,
    InboundItem,
    InboundMessage,
    MessageKind,
    NoticeKind,
    ReplyPolicy,
    StatusUpdate,
)
from shared.errors import InvalidRequest
from tests.provider_requests import load_fixture, messages_value, notification, text_message

NOW = datetime(2026, 11, 22, tzinfo=UTC)
LISTS = ("messages", "statuses", "errors", "calls", "message_echoes", "smb_message_echoes")

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
field_names = st.sampled_from(
    ["id", "from", "from_user_id", "to", "type", "timestamp", "text", "status", "errors", "interactive", "context"]
)
types = st.sampled_from([kind.value for kind in MessageKind] + ["voice", "poll"])
elements = anything | st.dictionaries(field_names, anything | types, max_size=8)
values = st.dictionaries(st.sampled_from([*LISTS, "contacts", "metadata"]), st.lists(elements, max_size=4), max_size=4)
notifications = st.builds(lambda changes: notification(*changes), st.lists(values, max_size=3))


def parse(body: Any, *, post_id: str = "post-1") -> tuple[InboundItem, ...]:
    return parse_webhook(body, post_id=post_id, channel="whatsapp", received_at=NOW)


def parse_message(**element: object) -> InboundMessage:
    base = {"from": "919812345678", "id": "wamid.1", "timestamp": "1706709716"}
    (item,) = parse(notification(messages_value({**base, **element})))
    assert isinstance(item, InboundMessage)
    return item


def parse_status(**element: object) -> StatusUpdate:
    base = {"id": "wamid.1", "timestamp": "1706709716", "recipient_id": "919812345678"}
    (item,) = parse(notification({"statuses": [{**base, **element}]}))
    assert isinstance(item, StatusUpdate)
    return item


@given(anything)
@settings(max_examples=150, deadline=None)
def test_any_json_yields_items_or_an_invalid_request(body: Any) -> None:
    try:
        items = parse(body)
    except InvalidRequest:
        return
    for item in items:
        assert queue_contract.decode(queue_contract.encode(item)) == item


@given(notifications)
@settings(max_examples=200, deadline=None)
def test_each_walked_element_becomes_exactly_one_item_that_can_be_stored(body: dict[str, Any]) -> None:
    values = [change["value"] for change in body["entry"][0]["changes"]]
    expected = sum(
        sum(len(value[name]) for name in LISTS if name in value) if set(LISTS) & set(value) else 1 for value in values
    )

    items = parse(body)

    assert len(items) == expected
    assert all("\\u0000" not in queue_contract.encode(item) for item in items)
    names = [item.notice_id for item in items if isinstance(item, ChannelNotice)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("body", [None, [], "text", 7, {}, {"entry": {}}, {"entry": None}])
def test_what_is_no_notification_is_an_invalid_request(body: object) -> None:
    with pytest.raises(InvalidRequest):
        parse(body)


@pytest.mark.parametrize(
    "entry",
    [None, 5, {}, {"changes": {}}, {"changes": [None]}, {"changes": [{"field": "x"}]}, {"changes": [{"value": {}}]}],
)
def test_a_malformed_entry_or_change_is_rejected_beside_a_good_one(entry: object) -> None:
    body = notification(messages_value(text_message()))
    body["entry"] = [entry, *body["entry"]]  # type: ignore[misc]

    rejected, kept = parse(body)

    assert isinstance(rejected, ChannelNotice)
    assert rejected.kind is NoticeKind.REJECTED
    assert rejected.reason
    assert isinstance(kept, InboundMessage)


def test_every_entry_change_and_list_is_walked_in_order() -> None:
    first = notification(
        messages_value(text_message(number=1), text_message(number=2)), messages_value(text_message(number=3))
    )
    second = notification({"statuses": [{"id": "wamid.9", "status": "read"}]})
    first["entry"] += second["entry"]  # type: ignore[operator]

    items = parse(first)

    assert [getattr(item, "provider_message_id", "") for item in items] == [
        "wamid.919812345678.1", "wamid.919812345678.2", "wamid.919812345678.3", "wamid.9",
    ]  # fmt: skip


def test_an_element_nested_too_deeply_is_rejected_without_harm_to_its_neighbour() -> None:
    deep: object = "bottom"
    for _ in range(DEEPEST_ELEMENT + 5):
        deep = [deep]

    items = parse(notification(messages_value({**text_message(), "order": deep}, text_message(number=2))))

    assert [type(item).__name__ for item in items] == ["ChannelNotice", "InboundMessage"]


def test_half_a_surrogate_pair_in_one_message_harms_no_other() -> None:
    body = notification(messages_value(text_message("\ud83d broken"), text_message("Fine", number=2)))

    items = parse(decode_json(json.dumps(body).encode()))

    assert [item.text for item in items if isinstance(item, InboundMessage)] == ["? broken", "Fine"]
    assert all(queue_contract.decode(queue_contract.encode(item)) == item for item in items)


def test_a_number_beyond_all_bounds_harms_no_neighbour() -> None:
    raw = json.dumps(notification(messages_value({**text_message(), "errors": "BIG"}))).replace('"BIG"', "[1e999]")

    (item,) = parse(decode_json(raw.encode()))

    assert isinstance(item, InboundMessage)
    assert item.attributes["errors"] == ["inf"]


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b"[" * 100_000, b"\xff\xfe"])
def test_a_body_that_is_no_json_is_an_invalid_request(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        decode_json(body)


def test_the_same_message_twice_in_one_value_stays_two_items_with_one_id() -> None:
    items = parse(notification(messages_value(text_message(), text_message())))

    assert len(items) == 2
    assert len({item.provider_message_id for item in items if isinstance(item, InboundMessage)}) == 1


def test_a_notice_sent_again_has_the_same_id_and_twins_in_one_post_do_not() -> None:
    body = notification({"errors": [{"code": 130429}, {"code": 130429}]})

    first, again = parse(body), parse(body)

    ids = [item.notice_id for item in first if isinstance(item, ChannelNotice)]
    assert ids == [item.notice_id for item in again if isinstance(item, ChannelNotice)]
    assert len(set(ids)) == 2


@pytest.mark.parametrize(
    ("element", "is_same"), [({"code": 130429}, False), ({"code": 130429, "timestamp": "1706709716"}, True)]
)
def test_the_same_words_in_another_post_are_news_unless_they_bear_a_time(
    element: dict[str, object], *, is_same: bool
) -> None:
    body = notification({"errors": [element]})

    (first,), (other,) = parse(body), parse(body, post_id="post-2")

    assert isinstance(first, ChannelNotice)
    assert isinstance(other, ChannelNotice)
    assert (first.notice_id == other.notice_id) is is_same


def test_the_same_refusal_in_another_post_is_another_one() -> None:
    body = notification(messages_value(None))

    (first,), (other,) = parse(body), parse(body, post_id="post-2")

    assert isinstance(first, ChannelNotice)
    assert isinstance(other, ChannelNotice)
    assert first.notice_id != other.notice_id


def test_a_text_carries_sender_name_business_and_time() -> None:
    (item,) = parse(load_fixture("meta-ocs-rendered/text_message.json"))

    assert isinstance(item, InboundMessage)
    assert (item.user_id, item.user_name, item.business_id, item.text) == ("27456897512", "User", "12345", "Hello")
    assert item.sent_at == datetime(2024, 1, 31, 14, 1, 56, tzinfo=UTC)
    assert item.received_at == NOW
    assert item.attributes["from_user_id"] == "US.13491208655302741918"


def test_a_user_without_phone_is_known_by_the_business_scoped_id() -> None:
    element = {"from_user_id": "IN.42", "id": "wamid.1", "type": "text", "text": {"body": "Hi"}}
    value = {**messages_value(element), "contacts": [{"profile": {"name": "Devi"}, "user_id": "IN.42"}]}

    (item,) = parse(notification(value))

    assert isinstance(item, InboundMessage)
    assert (item.user_id, item.user_name) == ("IN.42", "Devi")


def test_a_user_named_only_among_the_contacts_is_found_there() -> None:
    value = {**messages_value({"id": "w", "type": "text", "text": {"body": "Hi"}}), "contacts": [{"user_id": "IN.42"}]}

    (item,) = parse(notification(value))

    assert isinstance(item, InboundMessage)
    assert item.user_id == "IN.42"


def test_names_are_matched_to_senders_when_a_post_has_several_contacts() -> None:
    contacts = [{"wa_id": "2", "profile": {"name": "Two"}}, {"wa_id": "1", "profile": {"name": "One"}}]
    value = {**messages_value(text_message(user="1"), text_message(user="2")), "contacts": contacts}

    items = parse(notification(value))

    assert [item.user_name for item in items if isinstance(item, InboundMessage)] == ["One", "Two"]


@pytest.mark.parametrize("timestamp", ["soon", "", None, "-5", "99999999999999999999", True, 1.5, {}])
def test_an_unreadable_time_is_replaced_by_the_time_of_arrival_and_marked(timestamp: object) -> None:
    message = parse_message(type="text", text={"body": "x"}, timestamp=timestamp)

    assert message.sent_at == NOW
    assert message.attributes["timestamp_is_invalid"] is True


@pytest.mark.parametrize(
    ("element", "kind", "text"),
    [
        ({"type": "image", "image": {"id": "m", "caption": "Look"}}, MessageKind.IMAGE, "Look"),
        ({"type": "audio", "audio": {"id": "m", "voice": True}}, MessageKind.AUDIO, ""),
        ({"type": "voice", "voice": {"id": "m"}}, MessageKind.AUDIO, ""),
        ({"type": "location", "location": {"latitude": 1.5, "longitude": 2}}, MessageKind.LOCATION, ""),
        ({"type": "button", "button": {"text": "Yes", "payload": "YES"}}, MessageKind.BUTTON, "Yes"),
        (
            {
                "type": "interactive",
                "interactive": {"type": "button_reply", "button_reply": {"id": "b", "title": "Book"}},
            },
            MessageKind.INTERACTIVE,
            "Book",
        ),
        (
            {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"id": "r", "title": "9 am"}}},
            MessageKind.INTERACTIVE,
            "9 am",
        ),
        (
            {
                "type": "interactive",
                "interactive": {
                    "type": "nfm_reply",
                    "nfm_reply": {"body": "Sent", "response_json": '{"flow_token":"t","day":"Monday","seats":2}'},
                },
            },
            MessageKind.INTERACTIVE,
            "Sent\nday: Monday\nseats: 2",
        ),
        (
            {
                "type": "interactive",
                "interactive": {"type": "nfm_reply", "nfm_reply": {"body": "Sent", "response_json": "[["}},
            },
            MessageKind.INTERACTIVE,
            "Sent",
        ),
        ({"type": "order", "order": {"text": "Two please", "product_items": []}}, MessageKind.ORDER, "Two please"),
        ({"type": "reaction", "reaction": {"message_id": "w", "emoji": "👍"}}, MessageKind.REACTION, "👍"),
        (
            {"type": "system", "system": {"body": "Changed", "type": "user_changed_number"}},
            MessageKind.SYSTEM,
            "Changed",
        ),
        ({"type": "revoke", "revoke": {"original_message_id": "w"}}, MessageKind.REVOKE, ""),
        (
            {
                "type": "edit",
                "edit": {"original_message_id": "w", "message": {"type": "text", "text": {"body": "Better"}}},
            },
            MessageKind.EDIT,
            "Better",
        ),
        ({"type": "unsupported", "errors": [{"code": 131051}]}, MessageKind.UNSUPPORTED, ""),
        ({"type": "hologram", "hologram": {"caption": "Wow"}}, MessageKind.UNKNOWN, "Wow"),
        ({"type": "echo", "echo": {}}, MessageKind.UNKNOWN, ""),
        ({"type": "speech", "speech": {}}, MessageKind.UNKNOWN, ""),
    ],
)
def test_each_type_has_its_kind_and_its_words(element: dict[str, object], kind: MessageKind, text: str) -> None:
    message = parse_message(**element)

    assert (message.kind, message.text) == (kind, text)


def test_a_removed_reaction_is_told_from_a_new_one() -> None:
    message = parse_message(type="reaction", reaction={"message_id": "w", "emoji": ""})

    assert message.attributes["is_removed"] is True


def test_a_reply_keeps_what_it_answers() -> None:
    message = parse_message(type="text", text={"body": "x"}, context={"id": "wamid.0", "from": "1", "forwarded": True})

    assert message.reply_to == "wamid.0"
    assert message.attributes["forwarded"] is True


@pytest.mark.parametrize("field", ["message_echoes", "smb_message_echoes"])
def test_what_the_business_sent_by_hand_belongs_to_the_user_and_is_not_answered(field: str) -> None:
    echo = {"from": "15551234567", "to": "919812345678", "id": "w", "type": "text", "text": {"body": "On my way"}}

    (item,) = parse(notification({field: [echo]}, field="smb_message_echoes"))

    assert isinstance(item, InboundMessage)
    assert (item.kind, item.user_id, item.text) == (MessageKind.ECHO, "919812345678", "On my way")
    assert item.reply_policy is ReplyPolicy.SILENT


def test_a_message_on_standby_is_kept_but_not_ours_to_answer() -> None:
    (item,) = parse(notification(messages_value(text_message()), field="standby"))

    assert isinstance(item, ChannelNotice)
    assert (item.kind, item.topic) == (NoticeKind.ACCOUNT, "standby")


def test_a_change_of_control_is_kept_as_a_notice() -> None:
    (item,) = parse(notification({"control_passed": {"metadata": "x"}}, field="messaging_handovers"))

    assert isinstance(item, ChannelNotice)
    assert (item.kind, item.topic) == (NoticeKind.ACCOUNT, "messaging_handovers")


def test_calls_and_errors_are_notices_with_their_event_and_code() -> None:
    call, error = parse(notification({"calls": [{"id": "c", "event": "connect"}], "errors": [{"code": 130429}]}))

    assert isinstance(call, ChannelNotice)
    assert isinstance(error, ChannelNotice)
    assert (call.kind, call.topic, error.kind, error.topic) == (NoticeKind.CALL, "connect", NoticeKind.ERROR, "130429")


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("sent", DeliveryStatus.SENT),
        ("delivered", DeliveryStatus.DELIVERED),
        ("read", DeliveryStatus.READ),
        ("played", DeliveryStatus.PLAYED),
        ("failed", DeliveryStatus.FAILED),
        ("in_orbit", None),
        ("RINGING", None),
        ("pending", None),
    ],
)
def test_a_status_word_is_translated_and_an_unknown_one_is_kept_as_reported(
    word: str, status: DeliveryStatus | None
) -> None:
    update = parse_status(status=word)

    assert (update.status, update.reported) == (status, word)


def test_a_status_carries_our_delivery_id_and_the_reason_of_a_failure() -> None:
    error = {"code": 131047, "title": "Re-engagement message", "error_data": {"details": "More than 24 hours"}}

    update = parse_status(status="failed", biz_opaque_callback_data="d-1", errors=[error])

    assert (update.correlation_id, update.error_code, update.error_title) == ("d-1", "131047", "More than 24 hours")


def test_a_status_for_a_user_without_phone_names_the_business_scoped_id() -> None:
    update = parse_status(status="read", recipient_id=None, recipient_user_id="IN.42")

    assert update.user_id == "IN.42"


@pytest.mark.parametrize(
    "element",
    [
        {},
        [],
        "text",
        {"id": 7, "type": "text"},
        {"id": "w", "from": "1"},
        {"id": "w", "type": "text", "text": {"body": "x"}},
        {"id": "w", "from": "1", "type": "text", "text": "x"},
    ],
)
def test_a_message_that_cannot_be_read_is_rejected_with_a_reason(element: object) -> None:
    (item,) = parse(notification(messages_value(element)))

    assert isinstance(item, ChannelNotice)
    assert item.kind is NoticeKind.REJECTED
    assert item.reason
    assert item.topic == "messages"


def test_what_was_said_long_ago_is_kept_and_never_answered() -> None:
    value = {**messages_value(text_message()), "history": [{"metadata": {"phase": 0}, "threads": []}]}

    (item,) = parse(notification(value, field="history"))

    assert isinstance(item, ChannelNotice)
    assert (item.kind, item.topic) == (NoticeKind.ACCOUNT, "history")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (
            "history",
            {"history": [{"metadata": {"phase": 0, "chunk_order": 1}, "threads": [{"id": "1", "messages": []}]}]},
        ),
        (
            "smb_app_state_sync",
            {"state_sync": [{"type": "contact", "action": "add", "contact": {"phone_number": "1"}}]},
        ),
        ("user_preferences", {"user_preferences": [{"wa_id": "1", "category": "marketing_messages", "value": "stop"}]}),
        ("flows", {"event": "ENDPOINT_ERROR_RATE", "flow_id": "1", "errors": [{"error_type": "timeout"}]}),
        ("account_alerts", {"entity_type": "WABA", "alert_severity": "CRITICAL"}),
        ("security", {"event": "PIN_CHANGED"}),
        ("group_lifecycle_update", {"groups": [{"group_id": "g", "type": "group_create"}]}),
        ("never_heard_of", {"anything": 1}),
        ("never_heard_of", "text"),
        ("never_heard_of", None),
    ],
)
def test_what_is_about_the_account_is_one_notice_with_all_its_facts(field: str, value: object) -> None:
    body = {"object": "w", "entry": [{"id": "B", "time": 1790000000, "changes": [{"field": field, "value": value}]}]}

    (item,) = parse(body)

    assert isinstance(item, ChannelNotice)
    assert (item.kind, item.topic, item.payload) == (NoticeKind.ACCOUNT, field, value)
    assert item.occurred_at == datetime.fromtimestamp(1790000000, UTC)


def test_what_stands_beside_the_known_lists_travels_with_the_first_item() -> None:
    value = {**messages_value(text_message(number=1), text_message(number=2)), "polls": [{"id": "p"}]}

    first, second = (item for item in parse(notification(value)) if isinstance(item, InboundMessage))

    assert first.attributes["beside"] == {"polls": [{"id": "p"}]}
    assert "beside" not in second.attributes


def test_lists_that_are_null_are_not_there() -> None:
    value = {**messages_value(text_message()), "statuses": None, "errors": None}

    (item,) = parse(notification(value))

    assert isinstance(item, InboundMessage)


def test_a_field_of_a_message_that_is_not_known_yet_is_kept() -> None:
    message = parse_message(type="text", text={"body": "x"}, mood="sunny", edit_count=2)

    assert message.attributes["unknown_fields"] == {"mood": "sunny", "edit_count": 2}


def test_a_message_in_a_group_names_the_group() -> None:
    message = parse_message(type="text", text={"body": "x"}, group_id="Y2FwaV9ncm91cDox")

    assert (message.user_id, message.group_id) == ("919812345678", "Y2FwaV9ncm91cDox")


def test_a_time_in_the_future_is_not_believed() -> None:
    message = parse_message(type="text", text={"body": "x"}, timestamp="4102444800")

    assert (message.sent_at, message.attributes["timestamp_is_invalid"]) == (NOW, True)


def test_endless_ids_fit_into_an_index_and_mean_the_same_again() -> None:
    endless = {"type": "text", "text": {"body": "x"}, "id": "w" * 9000, "context": {"id": "c" * 9000}}

    first, again = parse_message(**endless), parse_message(**endless)

    assert first.provider_message_id == again.provider_message_id
    assert len(first.provider_message_id) < 100
    assert len(first.reply_to or "") < 100


def test_more_elements_than_any_post_holds_are_left_out_and_counted() -> None:
    items = parse(notification({"errors": [{"code": number} for number in range(MOST_ITEMS + 7)]}))

    last = items[-1]
    assert len(items) == MOST_ITEMS + 1
    assert isinstance(last, ChannelNotice)
    assert (last.kind, last.payload) == (NoticeKind.REJECTED, {"left_out": 7})


@pytest.mark.parametrize(
    "trap",
    [
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        "9" * 5000,
        "-" + "9" * 5000,
        "NaN",
        "1e999",
    ],
    ids=["lists", "objects", "digits", "negative", "nan", "infinite"],
)
def test_a_trap_in_one_element_harms_no_neighbour(trap: str) -> None:
    value = messages_value({**text_message(number=1), "errors": "TRAP"}, text_message("Fine", number=2))
    raw = json.dumps(notification(value)).replace('"TRAP"', trap)

    items = parse(decode_json(raw.encode()))

    assert len(items) == 2
    assert isinstance(items[1], InboundMessage)
    assert items[1].text == "Fine"
    assert all(queue_contract.decode(queue_contract.encode(item)) == item for item in items)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert decode_json(b'\xef\xbb\xbf{"entry":[]}') == {"entry": []}
