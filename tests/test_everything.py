from __future__ import annotations

from pathlib import Path

import pytest

from tests.everything import PLATFORM_FOLDERS, REPOSITORY, Group, run, stages

GOOD = "def test_good() -> None:\n    pass\n"
BAD = "def test_bad() -> None:\n    raise ValueError\n"
LEFT_OUT = "import pytest\n\ndef test_left_out() -> None:\n    pytest.skip('here')\n"


@pytest.fixture(autouse=True)
def _without_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take a second to load, which the tests of these tests do without."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def groups(directory: Path, **tests: str) -> tuple[Group, ...]:
    """One for each file."""
    for name, text in tests.items():
        (directory / f"test_{name}.py").write_text(text)
    return tuple(Group(name=name, arguments=(f"test_{name}.py",)) for name in tests)


def run_all(directory: Path, plan: list[tuple[Group, ...]]) -> int:
    return run(plan, directory=directory, side_by_side=2)


def test_the_last_line_sums_what_all_groups_ran(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    one, two, three = groups(tmp_path, one=GOOD, two=GOOD + LEFT_OUT, three=GOOD)

    status = run_all(tmp_path, [(one,), (two, three)])

    assert status == 0
    assert "== all tests: 3 passed, 0 failed, 1 skipped in" in capfd.readouterr().out.splitlines()[-1]


def test_one_failure_fails_the_whole_and_the_other_groups_run_all_the_same(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    one, two, three = groups(tmp_path, one=BAD, two=GOOD, three=GOOD)

    status = run_all(tmp_path, [(one,), (two, three)])

    said = capfd.readouterr().out
    assert status == 1
    assert "test_bad - ValueError" in said
    assert "== one: 0 passed, 1 failed" in said
    assert "== all tests: 2 passed, 1 failed" in said


def test_what_failed_is_named_again_at_the_end_where_a_long_output_is_read(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bad, good = groups(tmp_path, one=BAD, two=GOOD)

    run_all(tmp_path, [(bad,), (good,)])

    assert capfd.readouterr().out.splitlines()[-2] == "== failed: test_one.py::test_bad - ValueError"


def test_a_group_without_tests_and_one_that_breaks_off_are_failures(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = groups(tmp_path, empty="", ends="import os\n\nos._exit(0)\n", good=GOOD)

    status = run_all(tmp_path, [broken])

    said = capfd.readouterr().out.splitlines()
    assert status == 1
    assert {line.split(":")[0] for line in said if line.endswith("; NOT WELL")} == {
        "== empty",
        "== ends",
        "== all tests",
    }


def test_every_test_is_in_exactly_one_group() -> None:
    (first,), beside, (last,) = stages(processors=2)

    assert {f"--ignore={folder}" for folder in PLATFORM_FOLDERS} <= set(first.arguments)
    assert [each.arguments for each in beside] == [(folder, "-m", "not alone") for folder in PLATFORM_FOLDERS]
    assert last.arguments == (*PLATFORM_FOLDERS, "-m", "alone")
    assert all((REPOSITORY / folder).is_dir() for folder in PLATFORM_FOLDERS)
