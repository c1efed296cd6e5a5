"""What the service asks of the system before it serves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared import observability, wiring
from shared.settings import SettingsInvalid
from stream_service import __main__

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAM = """
import resource
from stream_service.__main__ import allow_many_sockets
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (256, most))
allow_many_sockets()
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0] == most)
"""


def test_the_service_takes_as_many_descriptors_as_it_may_have() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == "True"


@pytest.mark.requirement("9.1")
def test_a_service_that_cannot_start_says_why_in_one_line_of_json() -> None:
    known = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LD_LIBRARY_PATH"}}

    done = subprocess.run(
        [sys.executable, "-m", "stream_service"],
        cwd=REPOSITORY,
        env={**known, "DATABASE_URL": "postgresql://vaani:a-database-password@db/vaani"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    (line,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (1, "")
    assert (line["level"], line["message"], line["code"]) == ("ERROR", "service_not_started", "settings_invalid")
    assert "PUBLIC_BASE_URL" in line["reason"]
    assert "a-database-password" not in done.stdout


def test_a_log_that_nobody_reads_holds_up_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(observability, "write_in_background", lambda: asked.append("in the background"))
    monkeypatch.setattr(__main__, "allow_many_sockets", lambda: asked.append("served"))
    monkeypatch.setattr(wiring, "settings", _no_settings)

    with pytest.raises(SystemExit):
        __main__.main()

    assert asked == ["in the background", "served"]


def _no_settings() -> None:
    raise SettingsInvalid("There are none.")
