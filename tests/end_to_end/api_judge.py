"""What schemathesis says of a running copy: `python -m tests.end_to_end.api_judge`, or `make fuzz-api`.

All its checks are on and no operation is left out. It sends what the OpenAPI document allows, which must be accepted or
refused by what there is, and what it forbids, which must be refused; every answer must be one that is described.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.end_to_end.platform import REPOSITORY, Platform, running_platform

# schemathesis needs other libraries than the platform has; `make install-judges` makes this environment.
JUDGES = Path(os.environ.get("VAANI_JUDGES_VENV") or REPOSITORY / ".venv-judges") / "bin"
SETTINGS = {
    "LANGUAGE_MODEL": "scripted",
    "EMBEDDINGS": "none",
    "SPEECH_TO_TEXT": "scripted",
    "TEXT_TO_SPEECH": "scripted",
    "VAANI_STREAM_TASKS": "1",
    "API_REQUESTS_PER_MINUTE": "100000",
}


def judge(
    platform: Platform, *, phases: str, directory: Path, seconds: int | None = None, cases: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Let schemathesis judge the API; its files go to `directory`, and 0 means that it found nothing."""
    facts = platform.facts
    command = [
        str(JUDGES / "schemathesis"),
        "run",
        f"{facts['base_url']}/api/v1/openapi.json",
        f"--url={facts['base_url']}",
        f"--header=Authorization: Bearer {facts['admin_token']}",
        "--checks=all",
        f"--phases={phases}",
        "--request-timeout=30",
        "--continue-on-failure",
        "--no-color",
    ]
    command += [] if seconds is None else [f"--max-time={seconds}"]
    command += [] if cases is None else [f"--max-examples={cases}"]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)


def main() -> int:
    """Start a copy of the platform, have it judged for a while, and show the verdict."""
    parser = argparse.ArgumentParser(prog="python -m tests.end_to_end.api_judge", description=__doc__)
    parser.add_argument("--seconds", type=int, default=300, help="for all phases together (%(default)s)")
    options = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="vaani-api-"))
    try:
        with running_platform(directory / "platform", **SETTINGS) as platform:
            verdict = judge(platform, phases="examples,coverage,fuzzing", directory=directory, seconds=options.seconds)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    sys.stdout.write(verdict.stdout + verdict.stderr)
    return verdict.returncode


if __name__ == "__main__":
    sys.exit(main())
