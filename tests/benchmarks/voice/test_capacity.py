from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.voice import capacity
from benchmarks.voice.capacity import VCPUS, FargatePrice, task_capacity

PRICE = FargatePrice(vcpu=0.03, gb=0.004)


def test_one_vcpu_takes_the_calls_that_fit_into_seven_tenths_of_it():
    task = task_capacity(1, cpu_seconds_per_call_minute=0.7, price=PRICE)

    assert task.calls == 60


def test_each_vcpu_holds_a_process_of_its_own():
    task = task_capacity(4, cpu_seconds_per_call_minute=0.7, price=PRICE)

    assert (task.processes, task.calls) == (4, 240)


def test_part_of_a_vcpu_holds_one_process_and_that_part_of_the_calls():
    task = task_capacity(0.25, cpu_seconds_per_call_minute=0.7, price=PRICE)

    assert (task.processes, task.calls) == (1, 15)


def test_what_one_process_was_seen_to_hold_is_a_limit_too():
    task = task_capacity(2, cpu_seconds_per_call_minute=0.1, calls_per_process=100, price=PRICE)

    assert task.calls == 140


def test_slower_processor_takes_fewer_calls():
    assert task_capacity(1, cpu_seconds_per_call_minute=0.7, slowdown=2.0, price=PRICE).calls == 30


def test_minute_of_a_call_costs_its_share_of_the_full_task():
    task = task_capacity(1, cpu_seconds_per_call_minute=0.7, price=PRICE)

    assert task.dollars_per_hour == pytest.approx(0.038)
    assert task.dollars_per_call_minute == pytest.approx(0.038 / 60 / 60)


def test_task_that_holds_no_call_has_no_price_per_minute():
    assert task_capacity(0.25, cpu_seconds_per_call_minute=30, price=PRICE).dollars_per_call_minute is None


@given(cost=st.floats(0.05, 10))
def test_larger_tasks_never_hold_fewer_calls(cost):
    calls = [task_capacity(vcpus, cpu_seconds_per_call_minute=cost).calls for vcpus in VCPUS]

    assert calls == sorted(calls)


def test_command_prints_a_row_for_each_task_size(capsys):
    status = capacity.main(["--cpu-seconds", "0.5", "--calls-per-process", "100"])

    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert status == 0
    assert len(rows) == 1 + len(VCPUS)
    assert rows[3].startswith("| 1 | 2 | 1 | 70 |")
