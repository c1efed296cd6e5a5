"""The Python that Lambda runs: an interpreter of the same version, and an environment with what Lambda provides."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from local.layout import REPOSITORY

VERSION = "3.13"
REQUIREMENTS = REPOSITORY / "requirements" / "runtime.txt"
CACHE = REPOSITORY / ".cache"

# A shim of a version manager may be on the path without the version behind it.
PROBE = f"import ensurepip, pip, sys, venv; sys.exit('%d.%d' % sys.version_info[:2] != '{VERSION}')"

HOW_TO_INSTALL = (
    f"Python {VERSION}, which Lambda runs, was not found: neither as `python{VERSION}` on the path nor among "
    f"the versions of pyenv and uv. Install it with `uv python install {VERSION}` or `pyenv install {VERSION}`, "
    f"or name it: LAMBDA_PYTHON=/path/to/python{VERSION}"
)


class PythonMissingError(Exception):
    """There is no interpreter of Lambda's version; the message says how to get one."""


def find_interpreter() -> Path:
    """The first interpreter of Lambda's version that runs here.

    Raises:
        PythonMissingError: there is none.
    """
    for candidate in _candidates():
        if candidate.exists() and _runs(candidate):
            return candidate
    raise PythonMissingError(HOW_TO_INSTALL)


def runtime_environment() -> Path:
    """The interpreter of an environment that holds the runtime client and boto3 and nothing else; made once.

    Raises:
        PythonMissingError: there is no interpreter to make it of.
        subprocess.CalledProcessError: the packages could not be installed.
    """
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    folder = CACHE / f"lambda-runtime-{digest}"
    python, finished = folder / "bin" / "python", folder / ".finished"
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "lambda-runtime.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if finished.exists() and _runs(python):
            return python
        interpreter = find_interpreter()
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([interpreter, "-m", "venv", folder], check=True)
        install = ["--disable-pip-version-check", "install", "--quiet", "--require-hashes", "--only-binary=:all:"]
        subprocess.run([python, "-m", "pip", *install, "--requirement", REQUIREMENTS], check=True)
        finished.touch()
    return python


def _candidates() -> Iterator[Path]:
    chosen = os.environ.get("LAMBDA_PYTHON")
    if chosen:
        yield Path(chosen)
        return
    # The interpreter behind this environment: one of its own would bring its packages along.
    yield Path(os.path.realpath(sys.executable))
    if on_path := shutil.which(f"python{VERSION}"):
        yield Path(on_path)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
    for versions, name in ((pyenv / "versions", VERSION), (uv, f"cpython-{VERSION}")):
        for folder in sorted(versions.glob(f"{name}.*"), reverse=True):
            yield folder / "bin" / f"python{VERSION}"


def _runs(python: Path) -> bool:
    try:
        answer = subprocess.run([python, "-I", "-c", PROBE], check=False, capture_output=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0
