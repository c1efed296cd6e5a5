"""bandit reads what is deployed by our rules: it finds, it skips little, and each skip says why."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

from local.layout import REPOSITORY
from local.supply_chain.audit import JUDGED_FOLDERS

MOST_SKIPS = 8


def test_bandit_finds_what_is_dangerous_in_spite_of_the_skips(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("import pickle, sys, tarfile\npickle.loads(sys.argv[1])\neval(sys.argv[2])\n")
    command = [
        sys.executable,
        "-m",
        "bandit",
        "--configfile",
        "pyproject.toml",
        "--quiet",
        "--recursive",
        str(tmp_path),
    ]

    judged = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=120)

    assert judged.returncode == 1
    assert {"B301", "B307"} <= {word.strip("[]:") for word in judged.stdout.replace(":", " ").split()}


def test_every_skip_of_bandit_has_its_reason() -> None:
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")

    lines = text.split("[tool.bandit]")[1].split("]\n")[0].splitlines()[2:]

    assert len(lines) == len(tomllib.loads(text)["tool"]["bandit"]["skips"]) <= MOST_SKIPS
    assert all(len(line.partition("# ")[2]) > 20 for line in lines)


def test_everything_that_is_deployed_is_judged() -> None:
    judged = {folder for half in JUDGED_FOLDERS for folder in half}

    assert {"shared", "functions", "stream_service"} <= judged
