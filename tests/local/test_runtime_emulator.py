from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.lambda_pool import InvocationFailedError
from local.runtime_emulator import RuntimeEmulator, find_emulator
from tests.local.function_folder import function_folder

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(find_emulator() is None, reason="the Runtime Interface Emulator runs on Linux only"),
]
Start = Callable[..., RuntimeEmulator]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[RuntimeEmulator] = []

    def start(source: str, *, timeout_seconds: float = 20) -> RuntimeEmulator:
        function = function_folder(tmp_path / "function", source, timeout_seconds=timeout_seconds)
        emulator = RuntimeEmulator(
            function, python=Path(sys.executable), import_path=[function.folder], log=tmp_path / "log"
        )
        started.append(emulator)
        return emulator.__enter__()

    yield start
    for emulator in started:
        emulator.__exit__()


def test_the_answer_the_log_and_the_length_of_the_start_are_told(start: Start) -> None:
    emulator = start("""
        def handler(event, context):
            print("seen", context.aws_request_id != "")
            return {"was": event}
    """)

    answer = emulator.invoke({"number": 1})

    assert answer.result == {"was": {"number": 1}}
    assert "seen True\n" in emulator.output
    assert "(rapid)" not in emulator.output
    assert emulator.init_ms is not None
    assert 0 < emulator.init_ms < answer.duration_ms


def test_an_environment_lives_on_between_events(start: Start) -> None:
    emulator = start("""
        seen = []

        def handler(event, context):
            seen.append(event)
            return seen
    """)

    emulator.invoke(1)

    assert emulator.invoke(2).result == [1, 2]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise ValueError('no')", "ValueError: no"),
        ("import os; os._exit(3)", "Runtime.ExitError"),
        ("return 'x' * 7_000_000", "ResponseSizeTooLarge"),
        ("return object()", "Runtime.MarshalError"),
    ],
    ids=["raises", "crashes", "too-large", "not-json"],
)
def test_a_failure_is_told_and_the_next_event_is_answered(start: Start, body: str, reason: str) -> None:
    emulator = start(f"""
        def handler(event, context):
            if event == "fail":
                {body}
            return "fine"
    """)

    with pytest.raises(InvocationFailedError, match=reason):
        emulator.invoke("fail")

    assert emulator.invoke("again").result == "fine"


def test_a_function_that_takes_too_long_is_ended(start: Start) -> None:
    emulator = start(
        """
        import time

        def handler(event, context):
            time.sleep(60)
        """,
        timeout_seconds=1,
    )

    with pytest.raises(InvocationFailedError, match="timed out after 1"):
        emulator.invoke({})


def test_a_function_that_cannot_be_imported_says_what_is_missing(start: Start) -> None:
    emulator = start("import nothing_of_that_name")

    with pytest.raises(InvocationFailedError, match="nothing_of_that_name"):
        emulator.invoke({})
