"""Athena's tables, held to the lines that are written; the statements themselves only AWS can run."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from local.exporting.athena import COLUMNS, table_of
from shared.domain.export import Dataset, PersonalData
from shared.domain.export_lines import Exported, ExportedCall, ExportedMessage, ExportedTurn, ToolStep, Usage, line_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
USAGE = Usage(model="m", input_tokens=1, output_tokens=2, cost_microusd=3)
ROWS: dict[Dataset, Exported] = {
    Dataset.CONVERSATIONS: ExportedMessage(
        id="m",
        conversation_id="c",
        channel="voice",
        user_id="u",
        direction="outbound",
        speaker="agent",
        kind="speech",
        text="Yes.",
        sent_at=NOON,
        stored_at=NOON,
        provider_message_id="p",
        reply_to="r",
        agent_id="a",
        route_reason="rule",
        delivery_status="failed",
        error_code="131026",
        stages_ms={"total": 1},
        usage=USAGE,
        citations=[{"passage_id": "p", "title": "t", "document_id": "d"}],
        answers_id="q",
        joined_to="j",
        call_sid="CA1",
        start_ms=1,
        end_ms=2,
        trace_id="t",
    ),
    Dataset.TRACES: ExportedTurn(
        message_id="m",
        conversation_id="c",
        channel="voice",
        user_id="u",
        received_at=NOON,
        settled_at=NOON,
        unanswered_because="stale",
        reply_id="r",
        agent_id="a",
        route_reason="handed_over",
        route_detail="from reception: wants a date",
        delivery_status="failed",
        error_code="131026",
        stages_ms={"total": 1},
        usage=USAGE,
        tools=[ToolStep(tool="t", agent_id="a", begun_at=NOON, outcome="done", elapsed_ms=1)],
        call_sid="CA1",
        trace_id="t",
    ),
    Dataset.CALLS: ExportedCall(
        call_sid="CA1",
        conversation_id="c",
        channel="voice",
        user_id="u",
        direction="inbound",
        state="ended",
        started_at=NOON,
        settled_at=NOON,
        answered_at=NOON,
        ended_at=NOON,
        end_reason="caller_hung_up",
        trace_id="t",
    ),
}


def hive_type(value: Any) -> str:
    """What Hive calls the type of a value."""
    match value:
        case bool():
            return "boolean"
        case int():
            return "bigint"
        case str():
            return "string"
        case [first, *_]:
            return f"array<{hive_type(first)}>"
        case {"total": number}:
            return f"map<string,{hive_type(number)}>"
        case dict():
            return f"struct<{','.join(f'{name}:{hive_type(item)}' for name, item in value.items())}>"
    raise AssertionError(value)


@pytest.mark.parametrize("dataset", Dataset)
def test_the_columns_of_a_table_are_the_fields_of_its_lines(dataset: Dataset) -> None:
    line = json.loads(line_of(ROWS[dataset], PersonalData.KEPT, user_hash="0a"))

    assert {name: hive_type(value) for name, value in line.items()} == COLUMNS[dataset]
    assert list(line) == list(COLUMNS[dataset])


@pytest.mark.parametrize("dataset", Dataset)
def test_a_table_finds_its_files_by_day_and_hour(dataset: Dataset) -> None:
    statement = table_of(dataset, "my-bucket")

    (place,) = re.findall(r"'storage.location.template' = '([^']+)'", statement)
    assert place == f"s3://my-bucket/exports/{dataset}/dt=${{dt}}/hour=${{hour}}/"
    assert statement.count("(") == statement.count(")")


@pytest.mark.parametrize("dataset", Dataset)
def test_lines_have_the_same_fields_whatever_becomes_of_personal_data(dataset: Dataset) -> None:
    lines = [json.loads(line_of(ROWS[dataset], kind, user_hash="0a")) for kind in PersonalData]

    assert len({tuple(line) for line in lines}) == 1
