"""Folders that an unprivileged user can enter, for a checkout behind a closed one (root's home, for example)."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

REACHABLE_FOLDER = Path("/var/lib/vaani-local")
PROGRAMS = REACHABLE_FOLDER / "programs"
HOMES = REACHABLE_FOLDER / "homes"


def can_be_entered(directory: Path) -> bool:
    """Whether every user may enter `directory` and all folders above it."""
    existing = [folder for folder in (directory, *directory.parents) if folder.exists()]
    return all(folder.stat().st_mode & 0o001 for folder in existing)


def home_elsewhere(directory: Path) -> Path:
    """Return a folder that stands in for the closed `directory`, which gets a link `home` to it.

    The stand-in keeps what it holds as long as the link exists; those whose link is gone are removed here.
    """
    link = directory / "home"
    home = HOMES / hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]
    with _only_us():
        if not link.is_symlink():
            shutil.rmtree(home, ignore_errors=True)
            link.symlink_to(home)
        home.mkdir(exist_ok=True)
        home.with_suffix(".origin").write_text(str(link))
        _remove_orphans()
    return home


def remove_stand_in(directory: Path) -> None:
    """Remove the folder that stands in for `directory`, if there is one."""
    link = directory / "home"
    if link.is_symlink():
        with _only_us():
            link.unlink()
            _remove_orphans()


def copy_for_everybody(binaries: Path) -> Path:
    """Copy the installation above `binaries` to where everybody can enter (42 MB, once); returns the copied folder."""
    copy = PROGRAMS / f"{binaries.parent.name}-{binaries.joinpath('postgres').stat().st_size}"
    if not copy.exists():
        PROGRAMS.mkdir(parents=True, exist_ok=True)
        unfinished = copy.with_suffix(f".{os.getpid()}")
        shutil.copytree(binaries.parent, unfinished, symlinks=True)
        try:
            unfinished.rename(copy)
        except OSError:  # Another copy of the platform was quicker.
            shutil.rmtree(unfinished)
    return copy / binaries.name


@contextlib.contextmanager
def _only_us() -> Iterator[None]:
    """Other copies of the platform may start and be removed at the same time."""
    HOMES.mkdir(parents=True, exist_ok=True)
    with (REACHABLE_FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove_orphans() -> None:
    for origin in HOMES.glob("*.origin"):
        if not Path(origin.read_text()).is_symlink():
            shutil.rmtree(origin.with_suffix(""), ignore_errors=True)
            origin.unlink(missing_ok=True)
