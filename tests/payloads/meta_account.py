"""What Meta tells about calls, other senders, the past, and the account."""

from __future__ import annotations

from typing import Any

from tests.payloads import shapes
from tests.payloads.shapes import (
    BUSINESS_PHONE,
    NAME,
    OTHER_PHONE,
    PHONE,
    SECONDS,
    USER_ID,
    WORDS,
    change,
    contact,
    envelope,
    message,
    text,
    value,
    wamid,
)
from tests.provider_requests import META_PATH

FAMILY = shapes.Family(META_PATH)
_CALL = {"id": "wacid.ABGGFjFVU2AfAgo6V-Hc5eCgK5Gh", "from": PHONE, "to": BUSINESS_PHONE, "timestamp": SECONDS}


def _field(name: str, field: str, held: object, *, items: int = 1) -> None:
    FAMILY.add(name, envelope(change(held, field), entry={"time": int(SECONDS)}), notices=items)


def _calls() -> None:
    session = {"sdp_type": "offer", "sdp": "v=0\r\no=- 7669997803033704573 2 IN IP4 127.0.0.1\r\n"}
    calls: dict[str, dict[str, Any]] = {
        "connect": {**_CALL, "event": "connect", "direction": "USER_INITIATED", "session": session},
        "terminate": {**_CALL, "event": "terminate", "status": "COMPLETED", "duration": 42, "start_time": SECONDS},
        "terminate failed": {**_CALL, "event": "terminate", "status": "FAILED", "errors": [{"code": 138013}]},
        "connect without phone": {"id": "wacid.1", "from_user_id": USER_ID, "event": "connect"},
        "without event": {"id": "wacid.2", "timestamp": SECONDS},
    }
    for name, call in calls.items():
        _field(f"call {name}", "calls", value(contacts=[contact()], calls=[{**call, "id": f"wacid.{name}"}]))
    for word in ("RINGING", "ACCEPTED", "REJECTED"):
        status = {"id": f"wacid.{word}", "type": "call", "status": word, "timestamp": SECONDS, "recipient_id": PHONE}
        FAMILY.add(f"call status {word}", envelope(change(value(statuses=[status]), "calls")), statuses=1)


def _others() -> None:
    echo: dict[str, Any] = {"from": BUSINESS_PHONE, "to": PHONE, "id": "", "timestamp": SECONDS}
    echoes: dict[str, dict[str, Any]] = {
        "text": {"type": "text", "text": {"body": WORDS}},
        "image": {"type": "image", "image": {"id": "1", "mime_type": "image/png", "caption": WORDS}},
        "revoke": {"type": "revoke", "revoke": {"original_message_id": "wamid.x"}},
        "edit": {
            "type": "edit",
            "edit": {"original_message_id": "x", "message": {"type": "text", "text": {"body": WORDS}}},
        },
        "text to a user without phone": {"to": None, "to_user_id": USER_ID, "type": "text", "text": {"body": WORDS}},
    }
    for name, content in echoes.items():
        held = value(contacts=[contact()], message_echoes=[{**echo, "id": wamid(), **content}])
        FAMILY.add(f"echo of {name}", envelope(change(held, "smb_message_echoes")), messages=1)
    held = value(smb_message_echoes=[{**echo, "id": wamid(), "type": "text", "text": {"body": WORDS}}])
    FAMILY.add("echo under its other name", envelope(change(held, "smb_message_echoes")), messages=1)
    _field("standby message", "standby", value(contacts=[contact()], messages=[text()]))
    _field(
        "standby echo",
        "standby",
        value(message_echoes=[{**echo, "id": wamid(), "type": "text", "text": {"body": WORDS}}]),
    )
    status = {"id": wamid(), "status": "read", "timestamp": SECONDS, "recipient_id": PHONE}
    FAMILY.add("standby status", envelope(change(value(statuses=[status]), "standby")), statuses=1)
    handovers: dict[str, dict[str, Any]] = {
        "passed": {"control_passed": {"metadata": WORDS}},
        "taken": {"control_taken": {"previous_owner": "meta_business_agent"}},
        "requested": {"sender": {"wa_id": PHONE}, "request_thread_control": {"requested_owner_app_id": 1}},
    }
    for name, handover in handovers.items():
        _field(f"handover {name}", "messaging_handovers", value(**handover))


def _past() -> None:
    old = [message("text", {"body": WORDS}, history_context={"status": "READ"}), message("media_placeholder")]
    chunk = {"metadata": {"phase": 0, "chunk_order": 1, "progress": 55}, "threads": [{"id": PHONE, "messages": old}]}
    _field("history", "history", value(history=[chunk]))
    declined = {"errors": [{"code": 2593109, "title": "History sharing is turned off"}]}
    _field("history declined", "history", value(history=[declined]))
    _field("file of the history", "history", value(messages=[message("image", {"id": "1", "mime_type": "image/jpeg"})]))
    entry = {
        "type": "contact",
        "contact": {"full_name": NAME, "phone_number": OTHER_PHONE},
        "metadata": {"timestamp": SECONDS},
    }
    _field(
        "address book",
        "smb_app_state_sync",
        value(state_sync=[{**entry, "action": "add"}, {**entry, "action": "remove"}]),
    )


def _account() -> None:
    template = {
        "message_template_id": 594425479261596,
        "message_template_name": "visit",
        "message_template_language": "en_IN",
    }
    for field, held in {
        "account_update": {"event": "VERIFIED_ACCOUNT", "phone_number": BUSINESS_PHONE},
        "account_alerts": {
            "entity_type": "BUSINESS",
            "alert_info": {"alert_severity": "CRITICAL", "alert_type": "OBA_REJECTED"},
        },
        "account_review_update": {"decision": "APPROVED"},
        "account_settings_update": {"type": "phone_number_settings", "timestamp": SECONDS},
        "business_capability_update": {"max_daily_conversation_per_phone": 1000, "max_phone_numbers_per_business": 2},
        "business_status_update": {"event": "DISABLED"},
        "business_username_update": {"username": "clinic", "status": "approved"},
        "phone_number_name_update": {"display_phone_number": BUSINESS_PHONE, "decision": "APPROVED"},
        "phone_number_quality_update": {
            "display_phone_number": BUSINESS_PHONE,
            "event": "FLAGGED",
            "current_limit": "TIER_10K",
        },
        "message_template_status_update": {**template, "event": "APPROVED", "reason": "NONE"},
        "message_template_quality_update": {
            **template,
            "previous_quality_score": "GREEN",
            "new_quality_score": "YELLOW",
        },
        "message_template_components_update": {**template, "message_template_element": WORDS},
        "template_category_update": {**template, "previous_category": "UTILITY", "new_category": "MARKETING"},
        "template_correct_category_detection": {**template, "category": "UTILITY", "correct_category": "MARKETING"},
        "payment_configuration_update": {
            "configuration_name": "upi",
            "provider_name": "razorpay",
            "status": "Needs Testing",
        },
        "partner_solutions": {"event": "SOLUTION_CREATED", "solution_id": "774485461512159"},
        "automatic_events": {"event_name": "LeadSubmitted", "timestamp": SECONDS},
        "tracking_events": {"event_name": "marketing_messages_link_click", "tracking_data": {"click_id": "x"}},
        "security": {"display_phone_number": BUSINESS_PHONE, "event": "PIN_CHANGED", "requester": "1"},
        "flows": {
            "event": "ENDPOINT_ERROR_RATE",
            "flow_id": "6627390910605886",
            "errors": [{"error_type": "TIMEOUT", "error_count": 5}],
        },
        "message_delivery_updates": {"phone_number_id": "1", "status": "degraded"},
        "never_heard_of": {"anything": [1, {"two": 3}]},
    }.items():
        _field(f"about the account: {field}", field, held)
    _field(
        "about the account: banned",
        "account_update",
        {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": ["DISABLE"]}},
    )
    _field(
        "about the account: partner removed",
        "account_update",
        {"event": "PARTNER_REMOVED", "waba_info": {"waba_id": "1"}},
    )
    _field(
        "about the account: flow status",
        "flows",
        {"event": "FLOW_STATUS_CHANGE", "old_status": "DRAFT", "new_status": "PUBLISHED"},
    )
    _field("about the account: no value", "account_update", None)
    _field("about the account: value is text", "account_update", "DISABLED")
    _field(
        "value errors",
        "messages",
        value(errors=[{"code": 130429, "title": "Rate limit hit"}, {"code": 131000}]),
        items=2,
    )


def _preferences() -> None:
    wish = {
        "wa_id": PHONE,
        "detail": "User requested to stop marketing messages",
        "category": "marketing_messages",
        "timestamp": int(SECONDS),
    }
    for word in ("stop", "resume"):
        held = value(contacts=[contact()], user_preferences=[{**wish, "value": word}])
        _field(f"marketing {word}", "user_preferences", held)
    hidden = {**wish, "wa_id": None, "user_id": USER_ID, "value": "stop"}
    _field("marketing stop without phone", "user_preferences", value(user_preferences=[hidden]))


def _groups() -> None:
    group = {"timestamp": SECONDS, "group_id": "Y2FwaV9ncm91cDoxNzA1", "request_id": "r-1"}
    for field, held in {
        "group_lifecycle_update": {
            **group,
            "type": "group_create",
            "subject": WORDS,
            "invite_link": "https://chat.whatsapp.com/x",
        },
        "group_participants_update": {
            **group,
            "type": "group_participants_add",
            "added_participants": [{"wa_id": PHONE}],
        },
        "group_settings_update": {**group, "type": "group_settings_update", "group_subject": {"text": WORDS}},
        "group_status_update": {**group, "type": "group_suspend"},
    }.items():
        _field(field, field, value(groups=[held]))


for _write in (_calls, _others, _past, _account, _preferences, _groups):
    _write()
