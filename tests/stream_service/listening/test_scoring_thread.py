from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from stream_service.listening.scoring_thread import ScoringThread


async def outcome_of(thread: ScoringThread[object], batch: Callable[[], object]) -> object:
    done: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    thread.run(batch, done.set_result)
    return await asyncio.wait_for(done, 10)


async def test_batch_runs_in_the_thread_and_its_result_comes_to_the_loop() -> None:
    thread: ScoringThread[object] = ScoringThread("scoring")

    worker = await outcome_of(thread, lambda: threading.current_thread().name)
    thread.close()

    assert worker == "scoring"


async def test_failure_is_an_outcome_and_the_thread_goes_on() -> None:
    thread: ScoringThread[object] = ScoringThread("scoring")

    failed = await outcome_of(thread, lambda: int("no number"))
    after = await outcome_of(thread, lambda: 7)
    thread.close()

    assert isinstance(failed, ValueError)
    assert after == 7


async def test_closing_ends_the_thread_and_closing_twice_does_nothing() -> None:
    thread: ScoringThread[object] = ScoringThread("scoring that ends")
    await outcome_of(thread, lambda: None)

    thread.close()
    thread.close()

    assert "scoring that ends" not in [each.name for each in threading.enumerate()]


def test_loop_that_is_gone_is_not_told() -> None:
    thread: ScoringThread[object] = ScoringThread("scoring")
    may_go_on = threading.Event()

    async def ask_and_leave() -> None:
        thread.run(may_go_on.wait, lambda _: None)

    asyncio.run(ask_and_leave())
    may_go_on.set()
    later: list[object] = []
    asyncio.run(_note(thread, later))
    thread.close()

    assert later == ["still here"]


async def _note(thread: ScoringThread[object], later: list[object]) -> None:
    later.append(await outcome_of(thread, lambda: "still here"))
