"""The measurement measures what turns do."""

from __future__ import annotations

import pytest

from benchmarks.routing.__main__ import by_rule_book, main, naively, percentile
from benchmarks.routing.workload import AGENTS, Workload
from shared.adapters.linear_expressions import compile_expression
from shared.domain.catalogue import Catalogue


def test_both_choose_the_same_and_some_messages_match_a_rule() -> None:
    workload = Workload()
    rules = workload.rules(60)
    catalogue = Catalogue.of(1, AGENTS, rules, compile_expression=compile_expression)
    messages = list(workload.messages(rules, 40))

    chosen = [by_rule_book(catalogue, message) for message in messages]

    assert chosen == [naively(rules, message) for message in messages]
    assert 0 < sum(rule_id is not None for rule_id in chosen) < len(messages)
    assert len(catalogue.rules) == 60


def test_a_line_is_printed_for_each_number_of_rules(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--messages", "10", "--naive-messages", "1", "--rules", "3", "20"])

    assert [line.split(" | ")[0] for line in capsys.readouterr().out.splitlines()[2:]] == ["| 3", "| 20"]


def test_a_percentile_is_a_time_that_so_many_percent_do_not_exceed() -> None:
    assert [percentile([1.0, 2.0, 3.0, 4.0], percent) for percent in (50, 95)] == [3.0, 4.0]
