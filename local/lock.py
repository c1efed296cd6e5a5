"""Program that resolves the dependencies of `pyproject.toml` anew, with hashes: `python -m local.lock`."""

from __future__ import annotations

import subprocess
import sys

from local.layout import REPOSITORY

SETS = {"local": ("api", "stream", "voice", "local"), "dev": ("api", "stream", "voice", "local", "dev")}
"""Extras that each file of `requirements/` holds."""

LISTS = ("requirements/bootstrap", "requirements/judges", "benchmarks/voice/pipecat_server/requirements")
"""Lists (`.in`) that are locked by themselves: what installs, what judges, and the peer of the benchmark."""

OPTIONS = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate")
RUNTIME_OPTIONS = ("--python-version", "3.13", "--constraint", "requirements/dev.txt", *OPTIONS[3:], "--universal")
# The addresses of the index and of local wheels are the reader's business.
WITHOUT_ADDRESSES = ("--no-emit-index-url", "--no-emit-find-links")


def main() -> None:
    """Write every requirements file; the exit status is that of the first resolution that fails."""
    for name, extras in SETS.items():
        command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", *OPTIONS, *WITHOUT_ADDRESSES]
        for extra in extras:
            command += ["--extra", extra]
        command += ["pyproject.toml", "--output-file", f"requirements/{name}.txt"]
        status = subprocess.run(command, cwd=REPOSITORY, check=False).returncode
        if status:
            sys.exit(status)
    sys.exit(any(_lock_listed(file) for file in LISTS) or _lock_runtime())


def _lock_listed(file: str) -> int:
    """What stands in a list beside its lock, for an environment of its own; returns the exit status."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", *OPTIONS, *WITHOUT_ADDRESSES]
    command += [f"{file}.in", "--output-file", f"{file}.txt"]
    return subprocess.run(command, cwd=REPOSITORY, check=False).returncode


def _lock_runtime() -> int:
    """What Lambda's runtime provides, for running builds here; returns the exit status."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", *RUNTIME_OPTIONS, *WITHOUT_ADDRESSES]
    command += ["requirements/runtime.in", "--output-file", "requirements/runtime.txt"]
    return subprocess.run(command, cwd=REPOSITORY, check=False).returncode


if __name__ == "__main__":
    main()
