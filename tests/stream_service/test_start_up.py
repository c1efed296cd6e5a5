"""A task that starts while its stores are busy."""

from __future__ import annotations

import pytest

from shared.errors import StoreUnavailable
from stream_service.start_up import until_stores_answer


class BusyStore:
    """Answers after some questions."""

    def __init__(self, *, failures: int) -> None:
        self.failures = failures
        self.asked = 0

    async def __call__(self) -> None:
        self.asked += 1
        if self.asked <= self.failures:
            raise StoreUnavailable("The cache gave no answer.")


async def test_a_store_that_is_slow_at_the_start_is_asked_again() -> None:
    store = BusyStore(failures=2)

    await until_stores_answer(store, pause_seconds=0)

    assert store.asked == 3


async def test_a_store_that_stays_away_ends_the_start() -> None:
    store = BusyStore(failures=1000)

    with pytest.raises(StoreUnavailable):
        await until_stores_answer(store, patience_seconds=0, pause_seconds=0)

    assert store.asked == 1
