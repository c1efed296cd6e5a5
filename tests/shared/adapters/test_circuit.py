"""A dead engine is skipped at once, and found again when it lives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.circuit import Circuit


def broken(circuit: Circuit, *, now: float = 0.0, failures: int = 3) -> Circuit:
    for _ in range(failures):
        circuit.failed(now)
    return circuit


def test_a_few_failures_are_forgiven() -> None:
    assert broken(Circuit(), failures=2).admit(0)


def test_a_success_between_failures_starts_the_count_anew() -> None:
    circuit = broken(Circuit(), failures=2)
    circuit.succeeded()

    assert broken(circuit, failures=2).admit(0)


def test_an_engine_that_keeps_failing_is_skipped_for_a_while() -> None:
    circuit = broken(Circuit(first_pause_seconds=2))

    assert not circuit.admit(1.9)
    assert circuit.admit(2.0)


def test_only_one_request_tries_an_engine_after_its_pause() -> None:
    circuit = broken(Circuit(first_pause_seconds=2))

    assert [circuit.admit(2.5), circuit.admit(2.5), circuit.admit(4.4)] == [True, False, False]


def test_a_try_that_was_given_up_lets_another_one_follow() -> None:
    circuit = broken(Circuit(first_pause_seconds=2))
    circuit.admit(2.5)

    assert circuit.admit(4.5)


def test_a_try_that_succeeds_opens_the_way_for_all() -> None:
    circuit = broken(Circuit(first_pause_seconds=2))
    circuit.admit(2.5)
    circuit.succeeded()

    assert [circuit.admit(2.6), circuit.admit(2.6)] == [True, True]


def test_each_failed_try_doubles_the_pause_up_to_the_longest() -> None:
    circuit = broken(Circuit(first_pause_seconds=2, longest_pause_seconds=5))
    circuit.admit(2.0)
    circuit.failed(2.0)

    assert not circuit.admit(5.9)
    assert circuit.admit(6.0)
    circuit.failed(6.0)
    assert not circuit.admit(10.9)
    assert circuit.admit(11.0)


def test_many_requests_that_fail_together_count_as_one_outage() -> None:
    circuit = broken(Circuit(first_pause_seconds=2), failures=50)

    assert circuit.admit(2.0)


def test_after_a_success_the_next_pause_is_short_again() -> None:
    circuit = broken(Circuit(first_pause_seconds=2))
    circuit.admit(2.0)
    circuit.failed(2.0)
    circuit.admit(6.0)
    circuit.succeeded()
    broken(circuit, now=10)

    assert circuit.admit(12.0)


@given(st.lists(st.sampled_from(["failed", "succeeded", "wait"]), max_size=60))
def test_an_engine_is_never_skipped_for_longer_than_the_longest_pause(events: list[str]) -> None:
    circuit, now = Circuit(longest_pause_seconds=8), 0.0

    for event in events:
        if event == "wait":
            now += 1
        elif not circuit.admit(now):
            now += 8
            assert circuit.admit(now)
        elif event == "failed":
            circuit.failed(now)
        else:
            circuit.succeeded()
            assert circuit.admit(now)
