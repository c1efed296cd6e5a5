from __future__ import annotations

import pytest

from tests.claims import claiming_tests, function_named, looks_at_something
from tests.requirements_table import Claims, print_table, read_criteria, result_of


def test_all_criteria_have_a_title() -> None:
    criteria = read_criteria()

    assert len(criteria) == 97
    assert all(criteria.values())


@pytest.mark.parametrize(
    ("outcomes", "result"),
    [
        ([], "bare"),
        (["passed"], "proved"),
        (["passed", "failed"], "BROKEN"),
        (["skipped"], "skipped"),
        (["skipped", "passed"], "proved"),
    ],
)
def test_one_failing_test_breaks_a_criterion_and_a_skipped_one_proves_nothing(outcomes: list[str], result: str) -> None:
    assert result_of(outcomes) == result


def test_a_claim_of_an_unknown_criterion_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    proved = {"1.1": {"tests/test_a.py::test_b": "passed"}}

    assert print_table({"1.1": "A title"}, proved)
    assert not print_table({"1.1": "A title"}, proved | {"9.9": {"tests/test_a.py::test_c": "passed"}})
    assert "claimed, but no criterion: 9.9" in capsys.readouterr().out


@pytest.mark.parametrize("results", [{}, {"1.1": {"t": "failed"}}, {"1.1": {"t": "skipped"}}])
def test_a_criterion_without_a_test_that_passed_is_not_proved(results: dict[str, dict[str, str]]) -> None:
    assert not print_table({"1.1": "A title"}, results)


def test_the_cases_of_a_test_are_one_that_fails_with_any_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    claims = Claims()
    claims.criteria_of = {"t.py::test_x[a]": ["1.1"], "t.py::test_x[b]": ["1.1"], "t.py::test_y": ["1.1"]}
    claims.outcome_of = {"t.py::test_x[a]": "failed", "t.py::test_x[b]": "passed", "t.py::test_y": "passed"}

    assert not print_table({"1.1": "A title"}, claims.results())
    assert "      t.py::test_x  failed\n      t.py::test_y\n" in capsys.readouterr().out


def test_every_criterion_is_claimed_and_none_by_a_test_that_looks_at_nothing() -> None:
    claiming = dict(claiming_tests())

    assert {number for numbers in claiming.values() for number in numbers} == set(read_criteria())
    assert [test for test in claiming if not looks_at_something(function_named(*test.split("::")))] == []


def test_pytest_can_keep_the_claims_among_its_plugins() -> None:
    manager = pytest.PytestPluginManager()
    claims = Claims()
    manager.register(claims)

    assert claims in manager.get_plugins()
