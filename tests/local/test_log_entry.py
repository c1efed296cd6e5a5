"""What a log line says, and whether somebody asked for it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.log_entry import LogEntry, Wanted, read_entry

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def entry(program: str = "message_worker", **fields: Any) -> LogEntry:
    told = {"level": "INFO", "message": "reply_delivered", "timestamp": "2026-11-23T12:00:00.000+00:00", **fields}
    return read_entry(program, json.dumps(told))


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ('{"timestamp":"2026-11-23T12:00:00.000+00:00"}', NOON),
        ('{"timestamp":"2026-11-23T12:00:00Z"}', NOON),
        ('{"_aws":{"Timestamp":1795435200000},"requests":[1.0]}', NOON),
        ("2026-11-23 12:00:00.000 UTC [17] LOG:  checkpoint starting", NOON),
        ("  File wherever.py", None),
        ('{"timestamp":"yesterday"}', None),
        ('{"_aws":{}}', None),
        ("[1, 2]", None),
    ],
)
def test_the_time_of_a_line_is_read_wherever_it_stands(line: str, at: datetime | None) -> None:
    assert read_entry("x", line).at == at


def test_a_line_without_a_time_is_as_old_as_the_one_before() -> None:
    assert read_entry("postgres", "  continued", before=NOON).at == NOON


@given(st.text())
def test_any_line_can_be_read_and_asked_about(line: str) -> None:
    assert Wanted().includes(read_entry("x", line))


@pytest.mark.parametrize(
    ("wanted", "is_shown"),
    [
        (Wanted(), True),
        (Wanted(level="WARNING"), False),
        (Wanted(level="INFO"), True),
        (Wanted(services=("message_worker",)), True),
        (Wanted(services=("stream_service", "message_worker")), True),
        (Wanted(services=("stream_service",)), False),
        (Wanted(conversation="01a2-562f105"), True),
        (Wanted(conversation="562f105"), True),
        (Wanted(conversation="562f10"), False),
        (Wanted(trace="abc"), False),
        (Wanted(call="CA1"), False),
        (Wanted(pattern=re.compile("BILLING", re.IGNORECASE)), True),
        (Wanted(pattern=re.compile("reception")), False),
        (Wanted(since=NOON), True),
        (Wanted(since=NOON.replace(minute=1)), False),
    ],
)
def test_only_what_was_asked_for_is_shown(wanted: Wanted, *, is_shown: bool) -> None:
    line = entry(service="message_worker", conversation_id="01a2-562f105", agent_id="billing")

    assert wanted.includes(line) is is_shown


def test_two_tasks_of_a_service_can_be_told_apart_and_asked_for_together() -> None:
    second = entry("stream_service_2", service="stream_service")

    assert second.service == "stream_service_2"
    assert Wanted(services=("stream_service",)).includes(second)
    assert not Wanted(services=("stream_service_1",)).includes(second)
