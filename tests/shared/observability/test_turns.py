"""What is logged and measured of a turn."""

from __future__ import annotations

import json

import pytest

from shared.domain.message import Delivery, DeliveryStatus
from shared.domain.prompt import TokenUsage
from shared.domain.reply import ReplyDraft
from shared.observability import record_turn, turns
from tests.shared.observability.lines import lines


@pytest.mark.requirement("3.4")
@pytest.mark.parametrize(
    ("channel", "stages_ms", "elapsed_ms"),
    [
        ("whatsapp", {"routing": 3, "total": 250}, 250),
        ("voice", {"endpoint": 500, "transcript": 40, "context": 5, "reply": 300, "speech": 90, "tools": 200}, 935),
        ("voice", {"endpoint": 500, "transcript": 40}, 540),
    ],
)
def test_a_turn_is_logged_with_agent_and_time_and_measured_per_channel(
    capsys: pytest.CaptureFixture[str], channel: str, stages_ms: dict[str, int], elapsed_ms: int
) -> None:
    draft = ReplyDraft(text="Hi", agent_id="billing", stages_ms=stages_ms)

    record_turn(channel, draft, Delivery(text="Hi", stages_ms={"sending": 80}))

    log, of_channel, of_agent = lines(capsys)
    assert (log["message"], log["agent_id"], log["elapsed_ms"]) == ("reply_delivered", "billing", elapsed_ms)
    assert "Hi" not in json.dumps(log)
    assert (of_channel["channel"], of_channel["turn_sending_ms"]) == (channel, [80.0])
    assert (of_agent["agent"], of_agent["turn_total_ms"]) == ("billing", [float(elapsed_ms)])


def test_what_a_turn_took_and_cost_is_measured_per_agent(capsys: pytest.CaptureFixture[str]) -> None:
    usage = TokenUsage(input_tokens=900, output_tokens=40, model="m", cost_microusd=64, cached_input_tokens=800)
    draft = ReplyDraft(text="Hi", agent_id="billing", usage=usage, hand_overs=1, tool_calls=2, stages_ms={"total": 9})

    record_turn("whatsapp", draft, Delivery(text="Hi"))

    log, _, metric = lines(capsys)
    assert (log["model"], log["input_tokens"], log["cached_input_tokens"], log["cost_microusd"]) == ("m", 900, 800, 64)
    assert metric["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["agent"]]
    assert {name: metric[name] for name in ("turns", "failures", "hand_overs", "tool_calls")} == {
        "turns": [1.0],
        "failures": [0.0],
        "hand_overs": [1.0],
        "tool_calls": [2.0],
    }
    assert (metric["input_tokens"], metric["output_tokens"], metric["cost_microusd"]) == ([900.0], [40.0], [64.0])


def test_a_cost_that_nobody_knows_is_not_measured_as_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    usage = TokenUsage(input_tokens=900, output_tokens=40, model="unheard-of")

    record_turn("whatsapp", ReplyDraft(text="Hi", agent_id="billing", usage=usage), Delivery(text="Hi"))

    assert "cost_microusd" not in lines(capsys)[-1]


@pytest.mark.parametrize(
    ("draft", "status"),
    [
        (ReplyDraft(text="Sorry", agent_id="billing", is_apology=True), DeliveryStatus.SENT),
        (ReplyDraft(text="Hi", agent_id="billing"), DeliveryStatus.FAILED),
    ],
)
def test_an_apology_and_a_reply_that_did_not_leave_are_failures_of_the_agent(
    capsys: pytest.CaptureFixture[str], draft: ReplyDraft, status: DeliveryStatus
) -> None:
    record_turn("whatsapp", draft, Delivery(text="", status=status))

    assert lines(capsys)[-1]["failures"] == [1.0]


def test_what_no_agent_wrote_is_measured_of_none(capsys: pytest.CaptureFixture[str]) -> None:
    record_turn("whatsapp", ReplyDraft(text="Stopped.", agent_id=None), Delivery(text="Stopped."))

    assert all("agent" not in line for line in lines(capsys)[1:])


def test_the_agents_beyond_many_are_measured_together(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_agents", set())
    for number in range(60):
        record_turn("whatsapp", ReplyDraft(text="Hi", agent_id=f"agent-{number}"), Delivery(text="Hi"))

    measured = [line["agent"] for line in lines(capsys) if "_aws" in line and "agent" in line]
    assert measured == [*(f"agent-{number}" for number in range(50)), *["other"] * 10]


@pytest.mark.requirement("14.2")
def test_a_spoken_turn_tells_what_was_ours_apart_from_what_the_caller_waited(
    capsys: pytest.CaptureFixture[str],
) -> None:
    draft = ReplyDraft(text="Hi", agent_id=None, stages_ms={"endpoint": 500, "transcript": 40})

    record_turn("voice", draft, Delivery(text="Hi", stages_ms={"reply": 200, "speech": 60, "end_to_end": 310}))

    log, metric = lines(capsys)
    assert (log["end_to_end_ms"], log["voice_to_voice_ms"]) == (310, 810)
    assert (metric["turn_end_to_end_ms"], metric["voice_to_voice_ms"]) == ([310.0], [810.0])
    assert metric["channel"] == "voice"


@pytest.mark.requirement("14.2")
def test_a_written_turn_tells_what_was_ours_and_nothing_of_voices(capsys: pytest.CaptureFixture[str]) -> None:
    draft = ReplyDraft(text="Hi", agent_id=None)

    record_turn("whatsapp", draft, Delivery(text="Hi", stages_ms={"total": 300, "end_to_end": 420}))

    log, metric = lines(capsys)
    assert log["end_to_end_ms"] == 420
    assert (metric["channel"], metric["turn_end_to_end_ms"]) == ("whatsapp", [420.0])
    assert "voice_to_voice_ms" not in {*log, *metric}
