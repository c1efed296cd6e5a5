"""What happened to our messages, as Meta tells it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.adapters.provider_json import Malformed
from shared.adapters.whatsapp.statuses import read_status
from shared.domain.message import StatusUpdate

NOW = datetime(2026, 11, 22, tzinfo=UTC)
BASE: dict[str, Any] = {
    "id": "wamid.1",
    "status": "delivered",
    "timestamp": "1790000000",
    "recipient_id": "919812345678",
}


def status(**given: Any) -> StatusUpdate:
    return read_status({**BASE, **given}, channel="whatsapp", received_at=NOW)


def test_what_it_costs_is_kept_as_it_was_told() -> None:
    pricing = {"billable": True, "pricing_model": "PMP", "category": "service", "type": "regular"}
    conversation = {"id": "c", "origin": {"type": "service"}}

    update = status(pricing=pricing, conversation=conversation)

    assert update.attributes == {"pricing": pricing, "conversation": conversation}


@pytest.mark.parametrize("timestamp", [None, "soon", "4102444800", 1.5])
def test_a_report_without_a_credible_time_is_not_dated(timestamp: object) -> None:
    update = status(timestamp=timestamp)

    assert (update.is_dated, update.occurred_at) == (False, NOW)


def test_a_report_with_a_time_is_dated() -> None:
    assert status().is_dated


def test_of_a_group_the_member_is_the_user() -> None:
    update = status(recipient_type="group", recipient_id="group-1", recipient_participant_id="919800000001")

    assert update.user_id == "919800000001"
    assert (update.attributes["recipient_type"], update.attributes["recipient_id"]) == ("group", "group-1")


def test_a_recipient_without_phone_is_named_by_the_business_scoped_id() -> None:
    assert status(recipient_id=None, recipient_user_id="IN.42").user_id == "IN.42"


@pytest.mark.parametrize(
    ("error", "code", "title"),
    [
        ({"code": 131026, "title": "Undeliverable"}, "131026", "Undeliverable"),
        ({"code": 0, "message": "Auth"}, "0", "Auth"),
        ({"code": "131050", "error_data": {"details": "User stopped"}}, "131050", "User stopped"),
        ({"code": {"deep": 1}}, None, None),
        ("broken", None, None),
    ],
)
def test_the_first_error_says_why(error: object, code: str | None, title: str | None) -> None:
    update = status(status="failed", errors=[error])

    assert (update.error_code, update.error_title) == (code, title)


def test_facts_that_are_not_known_yet_are_kept() -> None:
    assert status(recipient_logical_id="l-1").attributes["unknown_fields"] == {"recipient_logical_id": "l-1"}


def test_endless_words_and_ids_fit_into_an_index() -> None:
    update = status(id="w" * 9000, status="s" * 9000, biz_opaque_callback_data="d" * 9000)

    assert max(len(update.provider_message_id), len(update.reported), len(update.correlation_id or "")) <= 100


@pytest.mark.parametrize("missing", ["id", "status"])
def test_a_report_about_nothing_is_malformed(missing: str) -> None:
    with pytest.raises(Malformed):
        status(**{missing: None})
