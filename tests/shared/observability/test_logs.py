"""Log lines: their form, the ids on them, and what becomes of the lines of libraries."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest

from shared import observability
from shared.observability import bind, logger
from tests.shared.observability.lines import lines


@pytest.mark.requirement("9.1")
def test_a_line_is_json_with_time_level_and_context(capsys: pytest.CaptureFixture[str]) -> None:
    bind(conversation_id="c-1")

    logger.info("reply_delivered", agent_id="billing")

    (line,) = lines(capsys)
    assert (line["message"], line["level"], line["agent_id"]) == ("reply_delivered", "INFO", "billing")
    assert line["conversation_id"] == "c-1"
    assert line["timestamp"].endswith("+00:00")


async def test_ids_bound_in_one_task_do_not_reach_another(capsys: pytest.CaptureFixture[str]) -> None:
    async def work(name: str) -> None:
        bind(call_sid=name)
        await asyncio.sleep(0)
        logger.info("working", worker=name)

    await asyncio.gather(work("one"), work("two"))

    assert all(line["call_sid"] == line["worker"] for line in lines(capsys))


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
