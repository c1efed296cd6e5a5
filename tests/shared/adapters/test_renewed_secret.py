"""A secret is read again when it is old or was refused: seldom, once at a time, and never in anybody's way."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable

import pytest

from shared.adapters import renewed_secret
from shared.adapters.renewed_secret import AGE_SECONDS, PAUSE_SECONDS, RenewedSecret
from shared.errors import StoreUnavailable


class Keeper:
    """Where the secret is kept: counts how often it is asked, and can be slow or away."""

    def __init__(self, value: str = "one") -> None:
        self.value = value
        self.asked = 0
        self.is_away = False
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.now = 0.0

    def read(self) -> str:
        """The value."""
        self.asked += 1
        assert self.may_answer.wait(10)
        if self.is_away:
            raise StoreUnavailable("Away.")
        return self.value

    def secret(self) -> RenewedSecret[str]:
        """The secret as a process holds it."""
        return RenewedSecret(self.read, clock=lambda: self.now)


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


async def _until(is_so: Callable[[], bool]) -> None:
    """Let the thread of a reading go on."""
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0)


def test_it_is_read_once_however_often_it_is_used(keeper: Keeper) -> None:
    secret = keeper.secret()

    assert [secret.current() for _ in range(100)] == ["one"] * 100
    assert keeper.asked == 1


def test_the_very_first_reading_must_succeed(keeper: Keeper) -> None:
    keeper.is_away = True

    with pytest.raises(StoreUnavailable):
        keeper.secret().current()


async def test_an_old_one_is_read_again(keeper: Keeper) -> None:
    secret = keeper.secret()
    first = await secret.refresh()
    keeper.value = "two"
    keeper.now = AGE_SECONDS - 1
    assert await secret.refresh() == first

    keeper.now = AGE_SECONDS
    second = await secret.refresh()

    assert (secret.current(), keeper.asked) == ("two", 2)
    assert second != first


async def test_whoever_may_not_wait_gets_the_last_known_one_meanwhile(keeper: Keeper) -> None:
    secret = keeper.secret()
    secret.current()
    keeper.value, keeper.now = "two", AGE_SECONDS
    keeper.may_answer.clear()

    assert secret.current() == "one"
    keeper.may_answer.set()

    await _until(lambda: secret.current() == "two")
    assert keeper.asked == 2


async def test_a_refusal_brings_the_new_value_at_once(keeper: Keeper) -> None:
    secret = keeper.secret()
    seen = await secret.refresh()
    keeper.value = "two"

    assert await secret.renew(seen)
    assert secret.current() == "two"


async def test_who_was_refused_with_a_value_of_before_need_not_ask_again(keeper: Keeper) -> None:
    secret = keeper.secret()
    seen = await secret.refresh()
    keeper.value = "two"
    await secret.renew(seen)

    assert await secret.renew(seen)
    assert keeper.asked == 2


async def test_all_who_are_refused_together_wait_for_one_reading(keeper: Keeper) -> None:
    secret = keeper.secret()
    seen = await secret.refresh()
    keeper.value = "two"
    keeper.may_answer.clear()
    waiting = [asyncio.create_task(secret.renew(seen)) for _ in range(200)]
    await _until(lambda: keeper.asked == 2)

    keeper.may_answer.set()

    assert await asyncio.gather(*waiting) == [True] * 200
    assert keeper.asked == 2


async def test_a_flood_of_forged_requests_is_no_flood_of_readings(keeper: Keeper) -> None:
    secret = keeper.secret()
    seen = await secret.refresh()

    for second in range(60):
        keeper.now = float(second)
        assert not any([await secret.renew(seen) for _ in range(50)])

    # At 0, 1, 3 and 7 s, and then every 15 s.
    assert keeper.asked == 1 + 4 + (60 - 15) // PAUSE_SECONDS


async def test_a_new_value_that_comes_after_the_first_refusals_is_found_within_seconds(keeper: Keeper) -> None:
    secret = keeper.secret()
    seen = await secret.refresh()
    assert not await secret.renew(seen)
    keeper.value = "two"

    keeper.now = 1.0

    assert await secret.renew(seen)


async def test_after_a_change_or_a_long_quiet_time_refusals_lead_to_quick_readings_again(keeper: Keeper) -> None:
    secret = keeper.secret()
    seen = await secret.refresh()
    for second in range(60):
        keeper.now = float(second)
        await secret.renew(seen)

    keeper.now += AGE_SECONDS + PAUSE_SECONDS
    seen = await secret.refresh()
    asked = keeper.asked
    await secret.renew(seen)
    keeper.now += 1
    await secret.renew(seen)

    assert keeper.asked == asked + 2


async def test_two_changes_shortly_after_one_another_are_both_found_at_once(keeper: Keeper) -> None:
    secret = keeper.secret()
    found = []

    for value in ("two", "three"):
        seen = await secret.refresh()
        keeper.value = value
        assert await secret.renew(seen)
        found.append(secret.current())

    assert found == ["two", "three"]


async def test_whoever_stops_waiting_takes_the_reading_from_nobody(keeper: Keeper) -> None:
    secret = keeper.secret()
    seen = await secret.refresh()
    keeper.value = "two"
    keeper.may_answer.clear()
    impatient, patient = (asyncio.create_task(secret.renew(seen)) for _ in range(2))
    await _until(lambda: keeper.asked == 2)

    impatient.cancel()
    keeper.may_answer.set()

    assert await patient
    with pytest.raises(asyncio.CancelledError):
        await impatient


async def test_the_last_known_value_survives_an_outage(keeper: Keeper, caplog: pytest.LogCaptureFixture) -> None:
    secret = keeper.secret()
    seen = await secret.refresh()
    keeper.is_away, keeper.now = True, AGE_SECONDS

    with caplog.at_level(logging.WARNING):
        assert await secret.refresh() == seen
        assert not await secret.renew(seen)

    assert secret.current() == "one"
    assert keeper.asked == 2
    assert "secret_not_read" in caplog.text


async def test_after_an_outage_the_value_of_the_moment_is_found(keeper: Keeper) -> None:
    secret = keeper.secret()
    await secret.refresh()
    keeper.is_away, keeper.now = True, AGE_SECONDS
    await secret.refresh()
    keeper.is_away, keeper.value = False, "two"

    keeper.now += PAUSE_SECONDS
    await secret.refresh()

    assert secret.current() == "two"


async def test_a_keeper_that_hangs_holds_nobody_up_for_long(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = keeper.secret()
    seen = await secret.refresh()
    keeper.may_answer.clear()
    monkeypatch.setattr(renewed_secret, "PATIENCE_SECONDS", 0.01)

    assert not await secret.renew(seen)
    keeper.now += 1
    assert not await secret.renew(seen)

    assert secret.current() == "one"
    keeper.may_answer.set()


def test_a_thread_may_wait_for_the_new_value(keeper: Keeper) -> None:
    secret = keeper.secret()
    secret.current()
    keeper.value = "two"

    assert secret.renew_in_place() == "two"


async def test_a_failure_that_quotes_the_value_is_not_quoted(keeper: Keeper, caplog: pytest.LogCaptureFixture) -> None:
    def read() -> str:
        if keeper.is_away:
            raise ValueError("not JSON: hush-hush")
        return keeper.read()

    secret = RenewedSecret(read, clock=lambda: keeper.now)
    seen = await secret.refresh()
    keeper.is_away = True

    with caplog.at_level(logging.DEBUG):
        await secret.renew(seen)

    assert "ValueError" in str([record.__dict__ for record in caplog.records])
    assert "hush-hush" not in str([record.__dict__ for record in caplog.records])
