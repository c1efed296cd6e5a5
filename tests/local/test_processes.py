from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local import child_process, processes
from local.processes import end_processes, living_processes, write_processes

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


def test_remembered_processes_are_ended_with_all_they_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "GRACE_SECONDS", 0.2)
    process = child_process.spawn(SLEEP, log=tmp_path / "log")
    write_processes(tmp_path / "processes.json", [process.pid])

    end_processes(tmp_path / "processes.json")

    assert living_processes(tmp_path / "processes.json") == []
    assert process.wait(10) == -signal.SIGTERM


def test_another_process_with_the_same_number_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "processes.json").write_text(json.dumps({str(os.getpid()): "another birth"}))

    end_processes(tmp_path / "processes.json")

    assert living_processes(tmp_path / "processes.json") == []


def test_program_ends_when_the_one_that_started_it_is_killed(tmp_path: Path) -> None:
    source = f"""
import pathlib, subprocess, sys, time
from local import child_process, processes
print(child_process.spawn({SLEEP!r}, log=pathlib.Path({str(tmp_path / "log")!r})).pid, flush=True)
time.sleep(600)
"""
    parent = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout as output:
        pid = int(output.readline())
    write_processes(tmp_path / "processes.json", [pid])

    parent.kill()
    parent.wait()

    for _ in range(1_000_000):
        if not living_processes(tmp_path / "processes.json"):
            break
    assert living_processes(tmp_path / "processes.json") == []
