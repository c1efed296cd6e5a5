from __future__ import annotations

import concurrent.futures
from pathlib import Path

import pytest

from local import reachable_folder
from local.reachable_folder import home_elsewhere, remove_stand_in


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reachable_folder, "REACHABLE_FOLDER", tmp_path / "reachable")
    monkeypatch.setattr(reachable_folder, "HOMES", tmp_path / "reachable" / "homes")


def closed_folder(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    return folder


def test_a_folder_finds_what_its_stand_in_holds_again(tmp_path: Path) -> None:
    closed = closed_folder(tmp_path, "closed")
    (home_elsewhere(closed) / "data").write_text("kept")

    assert (home_elsewhere(closed) / "data").read_text() == "kept"


def test_a_stand_in_goes_with_its_folder(tmp_path: Path) -> None:
    closed = closed_folder(tmp_path, "closed")
    home = home_elsewhere(closed)

    remove_stand_in(closed)

    assert not home.exists()


def test_copies_that_start_at_the_same_time_leave_each_other_their_stand_ins(tmp_path: Path) -> None:
    folders = [closed_folder(tmp_path, f"closed-{number}") for number in range(40)]

    with concurrent.futures.ThreadPoolExecutor(max_workers=8) as threads:
        homes = list(threads.map(home_elsewhere, folders))

    assert all(home.is_dir() for home in homes)
