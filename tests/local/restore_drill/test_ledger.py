from __future__ import annotations

from datetime import UTC, datetime, timedelta

from local.restore_drill.ledger import Commit, Comparison, Ledger, exposure

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def commit(number: int) -> Commit:
    """Asked for at this second, confirmed half a second later."""
    return Commit(key=f"message {number}", begun_at=at(number), acknowledged_at=at(number + 0.5))


LEDGER = Ledger([commit(number) for number in range(5)])


def compare(*found: int, target: float | None = None, safe_until: float = 0) -> Comparison:
    keys = {f"message {number}" for number in found}
    return LEDGER.compare(keys, target=None if target is None else at(target), safe_until=at(safe_until))


def test_a_database_that_holds_what_was_committed_before_the_target_and_no_more_is_right() -> None:
    found = compare(0, 1, 2, target=2.8)

    assert found.problems == []
    assert found.promised == 3


def test_a_commit_that_was_acknowledged_before_the_target_is_missed() -> None:
    assert compare(0, 1, target=2.8).missing == ("message 2",)


def test_a_commit_that_was_begun_after_the_target_should_not_be_there() -> None:
    assert compare(0, 1, 2, 3, target=2.8).unexpected == ("message 3",)


def test_a_commit_under_way_at_the_target_may_be_there_or_not() -> None:
    assert compare(0, 1, 2, target=2.2).problems == []
    assert compare(0, 1, target=2.2).problems == []


def test_the_moment_of_the_target_itself_belongs_to_what_is_restored() -> None:
    assert compare(0, 1, target=2.5).missing == ("message 2",)
    assert compare(0, 1, 2, 3, target=3).problems == []


def test_something_that_nobody_committed_should_not_be_there() -> None:
    assert compare(0, 1, 2, 9, target=2.8).unexpected == ("message 9",)


def test_a_hole_is_no_state_that_ever_was() -> None:
    found = compare(0, 2, safe_until=0.6)

    assert found.out_of_order == ("message 2",)
    assert "never was a state" in found.problems[0]


def test_what_is_older_than_the_bound_has_to_be_there_without_a_target() -> None:
    assert compare(0, 1, 2, safe_until=2.6).problems == []
    assert compare(0, 1, safe_until=2.6).missing == ("message 2",)


def test_the_exposure_is_the_age_of_the_oldest_lost_commit() -> None:
    found = compare(0, 1, 2, safe_until=2.6)

    assert exposure(found, disaster_at=at(5)) == timedelta(seconds=1.5)


def test_nothing_lost_is_no_exposure() -> None:
    assert exposure(compare(0, 1, 2, 3, 4), disaster_at=at(5)) == timedelta()
