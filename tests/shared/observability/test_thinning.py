"""A flood of one event leaves room for the others, and tells how large it was."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from shared import observability
from shared.observability import bind, count, flush_metrics, logger, logs, thinning
from shared.observability.thinning import Thinning
from tests.fakes.clock import FrozenClock
from tests.shared.observability.lines import lines

ALLOWED = 5


@pytest.fixture(autouse=True)
def _few_lines() -> Iterator[None]:
    observability.configure(level="INFO", lines_per_minute=ALLOWED)
    yield
    observability.configure(level="INFO")


def record(event: str, level: int = logging.WARNING, **fields: str) -> logging.LogRecord:
    made = logging.LogRecord("vaani", level, __file__, 1, event, None, None)
    made.__dict__.update(fields)
    return made


def test_of_thousands_of_the_same_warning_the_first_are_written_and_the_others_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for _ in range(5000):
        logger.warning("model_failed", engine="bedrock")
        count("model_failures")
    flush_metrics()
    logs.tell_left_out(is_last=True)

    written = lines(capsys)
    assert sum(line.get("message") == "model_failed" for line in written) == ALLOWED
    told = [line for line in written if line.get("message") == "lines_left_out"]
    assert {line["event"] for line in told} == {"model_failed"}
    assert sum(line["left_out"] for line in told) == 5000 - ALLOWED
    assert sum(sum(line.get("model_failures", [])) for line in written) == 5000


def test_what_was_left_out_is_told_at_the_end_of_an_invocation_though_nothing_else_comes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for _ in range(ALLOWED + 1):
        logger.error("record_failed", code="store_unavailable")

    flush_metrics()

    assert lines(capsys)[-1]["left_out"] == 1


def test_a_flood_takes_no_line_from_another_event(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(1000):
        logger.warning("webhook_rejected", source="203.0.113.9")

    logger.warning("recording_part_not_kept")

    assert lines(capsys)[-1]["message"] == "recording_part_not_kept"


@pytest.mark.requirement("3.4")
def test_work_that_was_done_is_never_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(1000):
        logger.info("reply_delivered", agent_id="billing", elapsed_ms=1)

    assert len(lines(capsys)) == 1000


@pytest.mark.requirement("12.5")
def test_every_users_first_violation_of_a_limit_is_written_in_the_worst_flood(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for number in range(2000):
        logger.warning("rate_limit_exceeded", violation="messages_per_minute", user_hash=f"user-{number}")

    assert {line["user_hash"] for line in lines(capsys)} == {f"user-{number}" for number in range(2000)}


def test_what_strangers_can_cause_is_thinned_at_info_too(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(1000):
        logger.info("socket_refused", code="unauthenticated")

    assert len(lines(capsys)) == ALLOWED


def test_each_call_that_is_hit_is_found_in_the_log_once(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(50):
        logger.error("turn_failed", call_sid="CA-first")
    for _ in range(50):
        logger.error("turn_failed", call_sid="CA-second")
    bind(conversation_id="c-3")
    for _ in range(50):
        logger.error("turn_failed")

    written = lines(capsys)
    assert sum(line.get("call_sid") == "CA-second" for line in written) == 1
    assert sum(line.get("conversation_id") == "c-3" for line in written) == 1


def test_a_new_minute_begins_with_a_full_allowance() -> None:
    clock = FrozenClock()
    thinning = Thinning(dict, lines_per_minute=1, clock=lambda: clock().timestamp())
    assert [thinning.filter(record("database_busy")) for _ in range(3)] == [True, False, False]

    clock.advance(seconds=60)

    assert thinning.filter(record("database_busy"))
    assert list(thinning.take_left_out()) == [("database_busy", "", 2)]
    assert list(thinning.take_left_out()) == []


def test_warnings_of_one_library_do_not_silence_another() -> None:
    thinning = Thinning(dict, lines_per_minute=1)
    thinning.filter(record("library_warned", library="asyncio"))

    assert thinning.filter(record("library_warned", library="botocore"))
    assert not thinning.filter(record("library_warned", library="asyncio"))


def test_nothing_is_left_out_where_every_line_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    observability.configure(level="INFO", lines_per_minute=0)

    for _ in range(1000):
        logger.warning("model_failed")

    assert len(lines(capsys)) == 1000


def test_no_id_is_kept_as_it_is() -> None:
    thinning = Thinning(dict, lines_per_minute=1)
    for number in range(200):
        thinning.filter(record("turn_failed", call_sid=f"CA-{number}"))

    kept = repr([[getattr(one, name) for name in vars(one)] for one in thinning._allowances.values()])
    assert "CA-" not in kept


def test_of_more_kinds_than_can_be_remembered_all_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thinning, "_MOST_EVENTS", 2)
    one = Thinning(dict, lines_per_minute=1, clock=lambda: 0.0)

    written = [one.filter(record(event)) for event in ("a", "b", "c", "c", "a")]

    assert written == [True, True, True, True, False]
