"""Log lines: their form, the ids on them, and what becomes of the lines of libraries."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from typing import Any

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


FORGOTTEN_TASK = """
import asyncio

async def fail():
    raise KeyError(WORDS)

async def main():
    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    del task

asyncio.run(main())
"""


def output_of(program: str) -> list[dict[str, Any]]:
    """What a process of its own writes; fails where that is not one JSON object a line, on either output."""
    # Put together there: a traceback shows the statement too, of programs like this one from Python 3.13 on.
    begin = (
        "from shared import observability; observability.catch_all(); observability.configure(level='INFO')\n"
        "WORDS = ' '.join(('what', 'a', 'user', 'said'))\n"
    )
    done = subprocess.run([sys.executable, "-c", begin + program], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.requirement("9.1")
@pytest.mark.parametrize(
    ("program", "event", "exception_name"),
    [
        ("raise KeyError(WORDS)", "process_failed", "KeyError"),
        ("import warnings; warnings.warn(WORDS, UserWarning)", "library_warned", None),
        (
            "import threading\ndef fail(): raise KeyError(WORDS)\nthreading.Thread(target=fail).start()",
            "thread_failed",
            "KeyError",
        ),
        (
            "class Careless:\n    def __del__(self): raise KeyError(WORDS)\nCareless()",
            "clean_up_failed",
            "KeyError",
        ),
        (
            FORGOTTEN_TASK,
            "library_warned",
            "KeyError",
        ),
    ],
    ids=["uncaught", "warning", "thread", "finaliser", "forgotten task"],
)
def test_what_nobody_caught_is_one_line_of_json_without_words(
    program: str, event: str, exception_name: str | None
) -> None:
    (line,) = output_of(program)

    assert (line["message"], line.get("exception_name")) == (event, exception_name)
    assert {"timestamp", "level", "service", "location"} <= set(line)
    assert "what a user said" not in json.dumps(line)


def test_notes_added_to_an_exception_are_withheld(capsys: pytest.CaptureFixture[str]) -> None:
    error = KeyError("x")
    error.add_note("what a user said")

    logger.error("turn_failed", exc_info=error)

    assert "what a user said" not in capsys.readouterr().out


def test_the_place_names_the_module(capsys: pytest.CaptureFixture[str]) -> None:
    logger.info("working")

    (line,) = lines(capsys)
    assert line["location"].startswith("test_logs.test_the_place_names_the_module:")
