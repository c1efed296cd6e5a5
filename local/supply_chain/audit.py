"""Command `audit`: known vulnerabilities of everything locked, and what bandit says of the code, at the same time."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from local.layout import REPOSITORY
from local.supply_chain.advisories import (
    Answer,
    Memory,
    join,
    read_acceptances,
    read_answer,
    sheets,
    today_of,
    verdict,
)
from local.supply_chain.locks import ALL_LOCKS, Pin, read_locks

ACCEPTANCES = REPOSITORY / "requirements" / "advisories.toml"
CACHE = REPOSITORY / ".cache"
JUDGED_FOLDERS = (("shared", "functions"), ("stream_service", "local"))
"""What bandit reads: two halves of about the same size, one for each of two processors."""

AT_THE_SAME_TIME = 4
LONGEST_SECONDS = 120
PIP_AUDIT = (
    *("-m", "pip_audit", "--disable-pip", "--no-deps", "--progress-spinner", "off", "--timeout", "10"),
    *("--format", "json", "--desc", "off", "--aliases", "on"),
)


class UnreachableError(Exception):
    """Nobody answers about advisories: no network, or a mirror that has none."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--again", action="store_true", help="ask about vulnerabilities although it was asked today")


def run(options: argparse.Namespace) -> int:
    """Audit; the exit status is 0 when bandit found nothing and no vulnerability is known that must be mended.

    Advisories that cannot be asked for are no failure, in CI neither: their service being down must not keep a fix from
    being shipped. What was found before is remembered, and fails until it is mended.
    """
    judges = [_bandit(folders) for folders in JUDGED_FOLDERS]
    is_sound = audit(
        read_locks(ALL_LOCKS), Memory(CACHE / "advisories.json"), now=datetime.now(UTC), again=options.again
    )
    for judge in judges:
        output, _ = judge.communicate(timeout=LONGEST_SECONDS)
        print(output, end="")
        is_sound = is_sound and judge.returncode == 0
    return 0 if is_sound else 1


def audit(pins: Sequence[Pin], memory: Memory, *, now: datetime, again: bool = False) -> bool:
    """Say what is known against these pins; False when something must be mended."""
    answer = None if again else memory.recent(pins, now)
    if answer is not None:
        print("advisories: asked within the last day (`make audit AGAIN=1` asks anew)")
    else:
        answer = _ask_and_remember(pins, memory, now)
    if answer is None:
        return True
    to_mend, lived_with = verdict(answer, read_acceptances(ACCEPTANCES), today_of(now))
    for line in lived_with:
        print(f"advisories: accepted: {line}")
    for line in to_mend:
        print(f"advisories: VULNERABLE: {line}")
    print(f"advisories: {len(pins)} versions are locked, {len(to_mend)} known vulnerabilities are to be mended")
    return not to_mend


def _ask_and_remember(pins: Sequence[Pin], memory: Memory, now: datetime) -> Answer | None:
    """A new answer; the last one when nobody answers; None when there is none either."""
    try:
        answer = ask(pins)
    except UnreachableError as error:
        return _recall(pins, memory, error)
    memory.save(answer, pins, now)
    if answer.unanswered:
        print(f"advisories: nothing is known of {', '.join(answer.unanswered)}")
    return answer


def ask(pins: Sequence[Pin]) -> Answer:
    """Ask about all pins, after having asked about one.

    Raises:
        UnreachableError: see there.
    """
    if read_answers(sheets(pins[:1], 1)).unanswered:
        raise UnreachableError("the package index that is reached from here serves no advisories")
    return read_answers(sheets(pins, AT_THE_SAME_TIME))


def read_answers(files: Sequence[str]) -> Answer:
    """What pip-audit says of these requirement files, each by a process of its own.

    Raises:
        UnreachableError: see there.
    """
    with tempfile.TemporaryDirectory() as folder:
        processes = []
        for number, text in enumerate(files):
            file = Path(folder, f"{number}.txt")
            file.write_text(text, encoding="utf-8")
            command = [sys.executable, *PIP_AUDIT, "--cache-dir", str(CACHE / "pip-audit"), "--requirement", str(file)]
            processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return join([_read(process) for process in processes])


def _read(process: subprocess.Popen[str]) -> Answer:
    try:
        output, errors = process.communicate(timeout=LONGEST_SECONDS)
        return read_answer(json.loads(output))
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise UnreachableError(f"no answer within {LONGEST_SECONDS} s") from error
    except json.JSONDecodeError as error:
        raise UnreachableError((errors.strip().splitlines() or ["no answer"])[-1][:200]) from error


def _recall(pins: Sequence[Pin], memory: Memory, error: UnreachableError) -> Answer | None:
    print(f"advisories: *** NOT CHECKED: {error} ***")
    recalled = memory.recall(pins)
    if recalled is None:
        print("advisories: *** nothing is remembered from before either; run `make audit` where there is a network ***")
        return None
    at, answer, unknown = recalled
    print(f"advisories: last asked on {at:%Y-%m-%d %H:%M} UTC; {unknown} of the versions were locked since")
    return answer


def _bandit(folders: Sequence[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bandit", "--configfile", "pyproject.toml", "--quiet", "--recursive", *folders]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
