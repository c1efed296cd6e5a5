"""Which browser the tests of the console get, and that nothing is installed without the right to."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import browser


def program(folder: Path, name: str, *, status: int = 0) -> Path:
    """A program that ends with a status whatever it is asked."""
    file = folder / name
    file.write_text(f"#!/bin/sh\nexit {status}\n")
    file.chmod(0o700)
    return file


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder with programs; no browser of this machine is seen."""
    monkeypatch.delenv(browser.VARIABLE, raising=False)
    monkeypatch.setattr(browser, "APPLICATIONS", ())
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_a_browser_of_the_system_is_found(path: Path) -> None:
    chrome = program(path, "google-chrome")

    assert browser.find_browser() == str(chrome)


def test_a_program_that_only_advises_to_install_one_is_none(path: Path) -> None:
    program(path, "chromium-browser", status=1)

    assert browser.find_browser() is None


def test_a_named_browser_goes_before_all_others(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(path, "chromium")
    named = program(tmp_path, "own-browser")
    monkeypatch.setenv(browser.VARIABLE, str(named))

    assert browser.find_browser() == str(named)


@pytest.mark.parametrize("missing", ["browser", "rights"])
def test_without_the_right_to_install_one_is_told_what_to_do(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    program(path, "apt-get", status=1)
    monkeypatch.setattr("os.geteuid", lambda: 1000 if missing == "rights" else 0)

    browser.main()

    assert browser.ADVICE in capsys.readouterr().out


def test_root_gets_one_from_the_packages_of_the_system(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installer = path / "apt-get"
    installer.write_text(f'#!/bin/sh\n[ "$1" = update ] || printf "#!/bin/sh\\n" > {path}/chromium\n')
    installer.chmod(0o700)
    (path / "chromium").touch(mode=0o700)
    (path / "chromium").write_text("#!/bin/sh\nexit 1\n")
    monkeypatch.setattr("os.geteuid", lambda: 0)

    browser.main()

    assert f"browser for the tests: {path}/chromium" in capsys.readouterr().out
