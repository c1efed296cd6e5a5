"""The series of faults."""

from __future__ import annotations

import pytest

from local.drill.catalogue import NOT_TRIED, all_faults, choose


def test_every_fault_has_a_name_of_its_own() -> None:
    names = [fault.name for fault in all_faults()] + [fault.name for fault in NOT_TRIED]

    assert len(names) == len(set(names))


def test_the_chosen_faults_come_in_the_order_asked_for() -> None:
    chosen = choose(all_faults(), ["drain", "kill-postgres"])

    assert [fault.name for fault in chosen] == ["drain", "kill-postgres"]


def test_nothing_chosen_means_all() -> None:
    faults = all_faults()

    assert choose(faults, []) == faults


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match="no such fault: kill-everybody"):
        choose(all_faults(), ["kill-everybody"])
