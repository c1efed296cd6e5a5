"""What Meta reports about messages of ours."""

from __future__ import annotations

from typing import Any

from tests.payloads import shapes
from tests.payloads.shapes import OTHER_PHONE, PHONE, SECONDS, USER_ID, WORDS, change, contact, envelope, value, wamid
from tests.provider_requests import META_PATH

FAMILY = shapes.Family(META_PATH)
_PRICING = {"billable": True, "pricing_model": "PMP", "category": "service", "type": "regular"}
_CONVERSATION = {"id": "72b3fd5c", "expiration_timestamp": "1772539200", "origin": {"type": "service"}}


def _status(word: str, **given: object) -> dict[str, Any]:
    return {"id": wamid(), "status": word, "timestamp": SECONDS, "recipient_id": PHONE, **given}


def _one(name: str, status: object) -> None:
    FAMILY.add(f"status {name}", envelope(change(value(statuses=[status]))), statuses=1)


def _words() -> None:
    for word in ("sent", "delivered", "read", "failed", "played", "deleted", "pending", "READ", "in_orbit"):
        _one(word, _status(word))
    _one("with its price", _status("sent", conversation=_CONVERSATION, pricing=_PRICING))
    _one(
        "of a free message",
        _status("delivered", pricing={**_PRICING, "billable": False, "type": "free_customer_service"}),
    )
    _one("with our id", _status("sent", biz_opaque_callback_data="2d931510-d99f-494a-8c67-87feb05e1594"))
    _one("with fields from the future", _status("read", recipient_logical_id="l", device={"kind": "watch"}))


def _errors() -> None:
    for code, title in {
        131047: "Re-engagement message",
        131026: "Message undeliverable",
        131049: "Meta chose not to deliver",
        131050: "User stopped marketing",
        131053: "Media upload error",
        130429: "Rate limit hit",
        190: "Token",
    }.items():
        error = {"code": code, "title": title, "message": title, "error_data": {"details": WORDS}, "href": "https://x"}
        _one(f"failed with {code}", _status("failed", errors=[error]))
    _one("failed with two errors", _status("failed", errors=[{"code": 1}, {"code": 2}]))
    _one("failed with an error that is text", _status("failed", errors=["broken"]))


def _recipients() -> None:
    hidden = _status("delivered", recipient_user_id=USER_ID)
    del hidden["recipient_id"]
    _one("of a user without phone", hidden)
    _one("with phone and id", _status("read", recipient_user_id=USER_ID, recipient_parent_user_id="IN.ENT.1"))
    _one("of a group", _status("sent", recipient_id="Y2FwaV9ncm91cDoxNzA1", recipient_type="group"))
    _one(
        "of a member of a group",
        _status(
            "delivered",
            recipient_id="Y2FwaV9ncm91cDoxNzA1",
            recipient_type="group",
            recipient_participant_id=OTHER_PHONE,
        ),
    )
    FAMILY.add(
        "status with a contact",
        envelope(change(value(contacts=[contact(user_id=USER_ID)], statuses=[_status("sent")]))),
        statuses=1,
    )


def _times() -> None:
    undated = _status("delivered")
    del undated["timestamp"]
    _one("without a time", undated)
    _one("with an unreadable time", _status("delivered", timestamp="yesterday"))
    _one("from the future", _status("delivered", timestamp="4102444800"))
    _one("with a number for a time", _status("read", timestamp=int(SECONDS)))


def _batches() -> None:
    FAMILY.add("many statuses", envelope(change(value(statuses=[_status("sent") for _ in range(30)]))), statuses=30)
    one = _status("sent")
    FAMILY.add(
        "three statuses of one message, the last first",
        envelope(change(value(statuses=[{**one, "status": word} for word in ("read", "delivered", "sent")]))),
        statuses=3,
    )


for _write in (_words, _errors, _recipients, _times, _batches):
    _write()
