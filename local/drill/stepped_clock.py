"""Builds the library that lets one process of the copy see another time than the rest of the machine."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")
COMPILERS = ("cc", "gcc", "clang")
BUILD_SECONDS = 60
DIRECTORY = "clocks"


def build(directory: Path) -> dict[str, str]:
    """The variables that a program needs for its clock to be stepped; none where there is no compiler."""
    compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
    if compiler is None:
        return {}
    library, clocks = directory / "stepped_clock.so", directory / DIRECTORY
    clocks.mkdir(parents=True)
    command = [compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE), "-ldl"]
    built = subprocess.run(command, capture_output=True, check=False, timeout=BUILD_SECONDS)
    if built.returncode:
        return {}
    return {"LD_PRELOAD": str(library), "STEPPED_CLOCK_DIRECTORY": str(clocks)}


def step(directory: Path, pid: int, seconds: int) -> None:
    """Let this process's clock be off by so much; 0: by nothing any more."""
    file = directory / DIRECTORY / str(pid)
    if seconds:
        file.write_text(str(seconds))
    else:
        file.unlink(missing_ok=True)
