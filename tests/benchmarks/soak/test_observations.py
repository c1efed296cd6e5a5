from __future__ import annotations

from benchmarks.soak.observations import MOST_REASONS, Kind, Observations


def test_a_percentile_is_that_of_its_window() -> None:
    observations = Observations()
    for at, elapsed_ms in ((10, 1.0), (70, 5.0), (80, 7.0), (130, 100.0)):
        observations.took(Kind.WEBHOOK, elapsed_ms, at_seconds=at)

    found = observations.percentile(Kind.WEBHOOK, 0.95, from_seconds=60, until_seconds=120)

    assert found == 7.0


def test_a_window_without_anything_has_none() -> None:
    assert Observations().percentile(Kind.REPLY, 0.5, from_seconds=0, until_seconds=60) is None


def test_all_failures_are_counted_and_the_first_reasons_kept() -> None:
    observations = Observations()

    for number in range(1000):
        observations.fail("calls failed", f"reason {number}")

    assert observations.counts["calls failed"] == 1000
    assert observations.reasons["calls failed"] == [f"reason {number}" for number in range(MOST_REASONS)]
