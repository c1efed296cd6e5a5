from __future__ import annotations

import pytest

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
    assert print_table({"1.1": "A title"}, {"1.1": ["passed"]})
    assert not print_table({"1.1": "A title"}, {"9.9": ["passed"]})
    assert "claimed, but no criterion: 9.9" in capsys.readouterr().out


def test_pytest_can_keep_the_claims_among_its_plugins() -> None:
    manager = pytest.PytestPluginManager()
    claims = Claims()
    manager.register(claims)

    assert claims in manager.get_plugins()
