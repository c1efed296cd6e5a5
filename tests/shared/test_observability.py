"""Logs and metrics: what they show, and what they must never show."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from shared import observability
from shared.domain.message import Delivery, DeliveryStatus
from shared.domain.prompt import TokenUsage
from shared.domain.reply import ReplyDraft
from shared.observability import bind, count, flush_metrics, logger, record_turn, timed, unbind, user_hash


@pytest.fixture(autouse=True)
def _plain_configuration() -> Iterator[None]:
    flush_metrics()
    observability.configure(level="INFO", secrets=["a-database-password"], hash_key="key")
    yield
    flush_metrics()
    unbind()
    observability.configure(level="INFO")


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.requirement("9.1")
def test_a_line_is_json_with_time_level_and_context(capsys: pytest.CaptureFixture[str]) -> None:
    bind(conversation_id="c-1")

    logger.info("reply_delivered", agent_id="billing")

    (line,) = _lines(capsys)
    assert (line["message"], line["level"], line["agent_id"]) == ("reply_delivered", "INFO", "billing")
    assert line["conversation_id"] == "c-1"
    assert line["timestamp"].endswith("+00:00")


@pytest.mark.requirement("5.3")
def test_secrets_never_appear_wherever_they_hide(capsys: pytest.CaptureFixture[str]) -> None:
    error = ConnectionError("cannot log in with a-database-password")

    logger.error(
        "failed",
        exc_info=error,
        url="redis://user:hidden@cache/0",
        auth_token="tok-1",
        nested={"list": ["a-database-password"]},
    )

    text = capsys.readouterr().out
    assert "a-database-password" not in text
    assert "hidden" not in text
    assert "tok-1" not in text
    assert "cannot log in" in text


def test_phone_numbers_are_hidden_and_ids_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    logger.info(
        "x",
        number="whatsapp:+919812345678",
        call_sid="CA01234567890123456789012345678901",
        trace="1-62fa9327-210123456789012345678901",
        elapsed_ms=12345678901,
        source="203.0.113.9|/webhooks/voice/status",
    )

    (line,) = _lines(capsys)
    assert "9812345678" not in line["number"]
    assert line["call_sid"] == "CA01234567890123456789012345678901"
    assert line["trace"] == "1-62fa9327-210123456789012345678901"
    assert line["elapsed_ms"] == 12345678901
    assert line["source"] == "203.0.113.9|/webhooks/voice/status"


def test_a_line_is_bounded(capsys: pytest.CaptureFixture[str]) -> None:
    deep: list[Any] = []
    deep.append(deep)

    logger.info("x", long="y" * 100_000, deep=deep)

    assert len(capsys.readouterr().out) < 10_000


def test_a_user_hash_is_stable_and_depends_on_the_key() -> None:
    first = user_hash("919812345678")
    again = user_hash("919812345678")
    observability.configure(level="INFO", hash_key="another")

    assert first == again
    assert user_hash("919812345678") != first
    assert len(first) == 16


async def test_ids_bound_in_one_task_do_not_reach_another(capsys: pytest.CaptureFixture[str]) -> None:
    async def work(name: str) -> None:
        bind(call_sid=name)
        await asyncio.sleep(0)
        logger.info("working", worker=name)

    await asyncio.gather(work("one"), work("two"))

    assert all(line["call_sid"] == line["worker"] for line in _lines(capsys))


@pytest.mark.requirement("9.2")
def test_metrics_are_written_in_the_embedded_format(capsys: pytest.CaptureFixture[str]) -> None:
    count("requests")
    with timed("database_query"):
        pass
    flush_metrics()

    (line,) = _lines(capsys)
    (description,) = line["_aws"]["CloudWatchMetrics"]
    units = {metric["Name"]: metric["Unit"] for metric in description["Metrics"]}
    assert description["Namespace"] == "Vaani"
    assert units == {"requests": "Count", "database_query_ms": "Milliseconds"}
    assert line["requests"] == [1.0]


def test_a_failed_block_is_timed_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), timed("query"):
        raise ZeroDivisionError
    flush_metrics()

    assert "query_ms" in _lines(capsys)[0]


def test_flushing_nothing_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    flush_metrics()

    assert capsys.readouterr().out == ""


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

    log, of_channel, of_agent = _lines(capsys)
    assert (log["message"], log["agent_id"], log["elapsed_ms"]) == ("reply_delivered", "billing", elapsed_ms)
    assert "Hi" not in json.dumps(log)
    assert (of_channel["channel"], of_channel["turn_sending_ms"]) == (channel, [80.0])
    assert (of_agent["agent"], of_agent["turn_total_ms"]) == ("billing", [float(elapsed_ms)])


def test_what_a_turn_took_and_cost_is_measured_per_agent(capsys: pytest.CaptureFixture[str]) -> None:
    usage = TokenUsage(input_tokens=900, output_tokens=40, model="m", cost_microusd=64, cached_input_tokens=800)
    draft = ReplyDraft(text="Hi", agent_id="billing", usage=usage, hand_overs=1, tool_calls=2, stages_ms={"total": 9})

    record_turn("whatsapp", draft, Delivery(text="Hi"))

    log, _, metric = _lines(capsys)
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

    assert "cost_microusd" not in _lines(capsys)[-1]


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

    assert _lines(capsys)[-1]["failures"] == [1.0]


def test_what_no_agent_wrote_is_measured_of_none(capsys: pytest.CaptureFixture[str]) -> None:
    record_turn("whatsapp", ReplyDraft(text="Stopped.", agent_id=None), Delivery(text="Stopped."))

    assert all("agent" not in line for line in _lines(capsys)[1:])


def test_the_agents_beyond_many_are_measured_together(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observability, "_agents", set())
    for number in range(60):
        record_turn("whatsapp", ReplyDraft(text="Hi", agent_id=f"agent-{number}"), Delivery(text="Hi"))

    measured = [line["agent"] for line in _lines(capsys) if "_aws" in line and "agent" in line]
    assert measured == [*(f"agent-{number}" for number in range(50)), *["other"] * 10]


def test_what_libraries_warn_of_becomes_a_line_without_their_words(capsys: pytest.CaptureFixture[str]) -> None:
    observability.configure(level="INFO")

    logging.getLogger("pypdf").warning("invalid header: %r", b"what a user sent")
    logging.getLogger("asyncio").error("Task failed: what a user sent", exc_info=KeyError("what a user sent"))

    output = capsys.readouterr()
    lines = [json.loads(line) for line in output.out.splitlines()]
    assert [(line["level"], line["message"], line["library"]) for line in lines] == [
        ("WARNING", "library_warned", "pypdf"),
        ("ERROR", "library_warned", "asyncio"),
    ]
    assert lines[1]["exception_name"] == "KeyError"
    assert "what a user sent" not in output.out + output.err


@pytest.mark.requirement("5.3")
def test_a_secret_that_is_learned_later_is_hidden_beside_those_of_before(capsys: pytest.CaptureFixture[str]) -> None:
    observability.hide(["a-database-password-and-more"])

    logger.warning("careless", text="a-database-password, a-database-password-and-more")

    assert "[redacted], [redacted]" in capsys.readouterr().out


def test_of_very_many_secrets_the_latest_are_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(1000):
        observability.hide([f"password-number-{number:04}"])

    logger.warning("careless", latest="password-number-0999", earlier="password-number-0850")

    assert "password-number" not in capsys.readouterr().out
    assert len(observability._redaction.secrets) <= 200


def test_without_a_key_the_hash_of_a_user_cannot_be_found_by_trying() -> None:
    observability.configure(level="INFO")
    first = user_hash("919800000001")
    observability.configure(level="INFO")

    assert user_hash("919800000001") != first
