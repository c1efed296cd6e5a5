"""The environment holds the set of packages that was asked for last, or one that will do for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import install


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sets that were installed, in order, into an environment that runs."""
    names: list[str] = []
    monkeypatch.setattr(install, "ENVIRONMENT", tmp_path)
    monkeypatch.setattr(install, "_environment_runs", lambda: True)
    monkeypatch.setattr(install, "_install", lambda requirements: names.append(requirements.stem))
    return names


def ask_for(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    for name in names:
        monkeypatch.setattr("sys.argv", ["install.py", name])
        install.main()


def test_a_set_is_installed_once(installed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    ask_for(monkeypatch, "local", "local")

    assert installed == ["local"]


def test_who_develops_can_run_the_platform_too(installed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    ask_for(monkeypatch, "dev", "local", "dev")

    assert installed == ["dev"]


def test_a_set_that_another_has_changed_since_is_installed_again(
    installed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_for(monkeypatch, "dev", "judges", "dev")

    assert installed == ["dev", "judges", "dev"]
