"""What lines say, and what they leave out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from shared.domain.export import PersonalData
from shared.domain.export_lines import ExportedCall, ExportedMessage, ExportedTurn, line_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NUMBER = "919845012345"


def message(**given: Any) -> ExportedMessage:
    usual: dict[str, Any] = {
        "id": "m",
        "conversation_id": "c",
        "channel": "whatsapp",
        "user_id": NUMBER,
        "direction": "inbound",
        "speaker": "user",
        "kind": "text",
        "text": "Write to asha@example.in or 98450 12345",
        "sent_at": NOON,
        "stored_at": NOON,
        "provider_message_id": "wamid.HBgMOTE5ODQ1MDEyMzQ1",
        "reply_to": "wamid.HBgMOTE5ODQ1MDEyMzQ0",
    }
    return ExportedMessage(**{**usual, **given})


def turn(**given: Any) -> ExportedTurn:
    usual: dict[str, Any] = {
        "message_id": "m",
        "conversation_id": "c",
        "channel": "whatsapp",
        "user_id": NUMBER,
        "received_at": NOON,
        "settled_at": NOON,
    }
    return ExportedTurn(**{**usual, **given})


def line(row: Any, personal_data: PersonalData = PersonalData.MASKED) -> dict[str, Any]:
    return dict(json.loads(line_of(row, personal_data, user_hash="0a1b")))


@pytest.mark.parametrize(
    ("personal_data", "text", "user_id", "has_provider_ids"),
    [
        (PersonalData.MASKED, "Write to [email] or [number]", None, False),
        (PersonalData.OMITTED, None, None, False),
        (PersonalData.KEPT, "Write to asha@example.in or 98450 12345", NUMBER, True),
    ],
)
def test_personal_data_is_masked_omitted_or_kept(
    personal_data: PersonalData, text: str | None, user_id: str | None, *, has_provider_ids: bool
) -> None:
    told = line(message(), personal_data)

    assert (told["text"], told["user_id"], told["characters"]) == (text, user_id, 39)
    assert (told["provider_message_id"] is not None, told["reply_to"] is not None) == (has_provider_ids,) * 2


def test_a_line_is_one_line_and_keeps_the_letters_of_every_script() -> None:
    raw = line_of(message(text="नमस्ते\nWhere\u2028are you?"), PersonalData.MASKED, user_hash="0a1b")

    assert (raw.count(b"\n"), raw[-1:]) == (1, b"\n")
    assert "नमस्ते" in raw.decode()


def test_times_are_of_utc_and_always_as_long() -> None:
    in_india = datetime(2026, 3, 2, 17, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))

    assert line(message(sent_at=in_india))["sent_at"] == "2026-03-02T12:00:00.000000Z"


def test_a_hand_over_tells_who_gave_and_only_as_much_of_why_as_may_be_said() -> None:
    detail = "from reception: wants to be rung at 98450 12345\nfrom billing: asks for a refund"
    handed_over = turn(route_reason="handed_over", route_detail=detail)

    assert line(handed_over)["hand_overs"] == ["reception", "billing"]
    assert "98450" not in line(handed_over)["route_detail"]
    assert line(handed_over, PersonalData.OMITTED)["route_detail"] is None


def test_the_rule_that_chose_an_agent_is_nobodys_secret() -> None:
    assert line(turn(route_reason="rule", route_detail="rule-7"), PersonalData.OMITTED)["route_detail"] == "rule-7"


def test_the_latency_of_a_turn_is_its_total_or_the_sum_until_something_was_heard() -> None:
    assert line(turn(stages_ms={"context": 20, "total": 900}))["latency_ms"] == 900
    assert line(turn(stages_ms={"endpoint": 200, "reply": 300, "speech": 100}))["latency_ms"] == 600
    assert line(turn())["latency_ms"] is None


def test_a_call_tells_how_long_it_was_talked() -> None:
    call = ExportedCall(
        call_sid="CA1",
        conversation_id="c",
        channel="voice",
        user_id=NUMBER,
        direction="inbound",
        state="ended",
        started_at=NOON,
        settled_at=NOON,
        answered_at=NOON,
        ended_at=NOON + timedelta(seconds=61.5),
    )

    assert (line(call)["talked_ms"], line(call)["user_id"]) == (61_500, None)
