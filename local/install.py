"""Program that makes the virtual environment and installs locked, hashed dependencies.

`python3 -I local/install.py local|dev` runs on the machine's own Python with nothing installed. What was installed is
remembered by the digest of the requirement files, so that the second time takes no time.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
ENVIRONMENT = Path(os.environ.get("VAANI_VENV") or REPOSITORY / ".venv")
PYTHON = str(ENVIRONMENT / "bin" / "python")
BOOTSTRAP = REPOSITORY / "requirements" / "bootstrap.txt"
OLDEST_PYTHON = (3, 11)
SUFFICIENT = {"local": ("local", "dev")}
"""Sets that will do for another: whoever develops can run the platform too."""


def main() -> None:
    """Install one of the two sets of requirements, unless that was done before."""
    if sys.version_info < OLDEST_PYTHON:
        sys.exit("Python 3.11 or later is needed: make PYTHON=/path/to/python3.13 ...")
    name = sys.argv[1]
    # What was installed last: another set may have brought other versions of the same packages.
    stamp = ENVIRONMENT / ".installed"
    sufficient = {digest_of(each) for each in SUFFICIENT.get(name, (name,))}
    if _environment_runs() and stamp.exists() and stamp.read_text() in sufficient:
        return
    _create_environment()
    _say(f"installing the packages of requirements/{name}.txt")
    _install(REPOSITORY / "requirements" / f"{name}.txt")
    stamp.write_text(digest_of(name))


def digest_of(name: str) -> str:
    """What tells one state of a set of requirements from another, and from other sets."""
    requirements = REPOSITORY / "requirements" / f"{name}.txt"
    return hashlib.sha256(name.encode() + BOOTSTRAP.read_bytes() + requirements.read_bytes()).hexdigest()


def _environment_runs() -> bool:
    """An interpreter may have been removed since, or the checkout copied from another machine."""
    if not Path(PYTHON).exists():
        return False
    oldest = f"import sys; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    return subprocess.run([PYTHON, "-I", "-c", oldest], check=False, capture_output=True).returncode == 0


def _create_environment() -> None:
    if _environment_runs():
        return
    _say(f"creating {ENVIRONMENT} with Python {sys.version.split()[0]}")
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    try:
        venv.create(ENVIRONMENT, with_pip=True, symlinks=True)
    except subprocess.CalledProcessError:
        sys.exit("This Python cannot make virtual environments (on Debian: apt install python3-venv).")


def _install(requirements: Path) -> None:
    """Install with uv, which is several times faster; with pip where uv cannot be had or cannot reach the index."""
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--require-hashes"]
    if subprocess.run([PYTHON, "-m", "pip", "--version"], check=False, capture_output=True).returncode:
        # An environment that another tool made without pip.
        subprocess.run([PYTHON, "-m", "ensurepip", "--upgrade"], check=False, capture_output=True)
    subprocess.run([*pip, "-r", str(BOOTSTRAP)], check=False)
    uv = [PYTHON, "-m", "uv", "pip", "install", "--quiet", "--python", PYTHON, "--require-hashes", "--compile-bytecode"]
    if subprocess.run([*uv, "-r", str(requirements)], check=False).returncode == 0:
        return
    _say("uv did not succeed; trying with pip")
    if subprocess.run([*pip, "-r", str(requirements)], check=False).returncode != 0:
        sys.exit("The packages could not be installed; see the message above.")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
