from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from local.lambda_pool import InvocationFailedError, LambdaFunction
from tests.local.function_folder import function_folder

Pool = Callable[..., LambdaFunction]

ECHO = """
    import os

    def handler(event, context):
        return {"event": event, "pid": os.getpid(), "request": context.aws_request_id}
"""


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[Pool]:
    started: list[LambdaFunction] = []

    def start(source: str, *, timeout_seconds: float = 10, environments: int = 1) -> LambdaFunction:
        specification = function_folder(
            tmp_path / "echo", source, timeout_seconds=timeout_seconds, environments=environments
        )
        function = LambdaFunction(specification, shared_folder=tmp_path, log=tmp_path / "echo.log")
        function.start()
        started.append(function)
        return function

    yield start
    for function in started:
        await function.close(grace_seconds=0.1)


async def test_handler_gets_event_and_context(pool: Pool) -> None:
    result = await pool(ECHO).invoke({"text": "नमस्ते"})

    assert result["event"] == {"text": "नमस्ते"}
    assert result["request"]


async def test_environment_is_kept_between_events(pool: Pool) -> None:
    function = pool(ECHO)

    first, second = [await function.invoke({}) for _ in range(2)]

    assert first["pid"] == second["pid"]
    assert first["pid"] != os.getpid()


async def test_folder_of_the_function_is_imported_from_before_the_shared_one(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / "neighbour.py").write_text("WHERE = 'shared'")
    (tmp_path / "echo").mkdir()
    (tmp_path / "echo" / "neighbour.py").write_text("WHERE = 'function'")

    result = await pool("import neighbour\n\ndef handler(event, context):\n    return neighbour.WHERE").invoke({})

    assert result == "function"


async def test_what_the_handler_raises_fails_the_invocation_and_not_the_environment(pool: Pool) -> None:
    function = pool("import os\n\ndef handler(event, context):\n    return 1 / event['by'] and os.getpid()")
    first = await function.invoke({"by": 1})

    with pytest.raises(InvocationFailedError, match="ZeroDivisionError"):
        await function.invoke({"by": 0})

    assert await function.invoke({"by": 1}) == first


async def test_environment_that_crashed_is_replaced(pool: Pool) -> None:
    function = pool(
        "import os\n\ndef handler(event, context):\n    os._exit(1) if event['crash'] else None\n    return 1"
    )

    with pytest.raises(InvocationFailedError, match="exited"):
        await function.invoke({"crash": True})

    assert await function.invoke({"crash": False}) == 1


async def test_idle_environment_that_was_killed_is_replaced(pool: Pool) -> None:
    function = pool(ECHO)
    killed = (await function.invoke({}))["pid"]

    os.kill(killed, signal.SIGKILL)
    while killed in function.pids:
        await asyncio.sleep(0)

    assert (await function.invoke({}))["pid"] != killed


async def test_environment_that_takes_too_long_is_ended(pool: Pool) -> None:
    function = pool(
        "import time\n\ndef handler(event, context):\n    time.sleep(event['seconds'])\n    return 1",
        timeout_seconds=0.5,
    )

    with pytest.raises(InvocationFailedError, match="timed out"):
        await function.invoke({"seconds": 60})

    assert await function.invoke({"seconds": 0}) == 1


async def test_events_are_answered_at_the_same_time_by_several_environments(pool: Pool) -> None:
    # Each handler waits until the other one runs too.
    function = pool(
        """
        import os, pathlib, time

        def handler(event, context):
            folder = pathlib.Path(event["folder"])
            (folder / str(os.getpid())).touch()
            while len(list(folder.iterdir())) < 2:
                time.sleep(0.01)
            return os.getpid()
        """,
        environments=2,
    )
    meeting = function.function.folder / "meeting"
    meeting.mkdir()

    pids = await asyncio.gather(*(function.invoke({"folder": str(meeting)}) for _ in range(2)))

    assert len(set(pids)) == 2


async def test_function_that_cannot_be_imported_says_so(pool: Pool) -> None:
    function = pool("raise RuntimeError('no settings')")

    async with asyncio.timeout(20):
        while function.state == "starting":
            await asyncio.sleep(0.01)

    assert function.state == "broken"
    assert "no settings" in (function.function.folder.parent / "echo.log").read_text()


async def test_nothing_is_left_after_closing(pool: Pool) -> None:
    function = pool(ECHO)
    pid = (await function.invoke({}))["pid"]

    await function.close()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
