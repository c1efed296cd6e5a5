"""Command `build`: build functions and layer with `sam build`, without a container."""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from local.lambda_python import VERSION, PythonMissingError, find_interpreter
from local.layout import REPOSITORY
from local.template import parse

TEMPLATE = REPOSITORY / "template.yaml"
BUILDS = REPOSITORY / ".aws-sam"
DEPLOYED = BUILDS / "build"
"""What `sam deploy` takes."""

RUNNABLE = BUILDS / "here"
"""The same for the processor of this machine."""

LAYER = "SharedLayer"
ARCHITECTURES = ("arm64", "x86_64")
_SOURCES_FILE = ".sources"


class BuildFailedError(Exception):
    """`sam build` did not succeed; the message holds what it said."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--architecture", choices=ARCHITECTURES, default="arm64", help="processor of the functions")
    parser.add_argument("--directory", type=Path, default=DEPLOYED, help="where the result goes")


def run(options: argparse.Namespace) -> int:
    """Build; returns the exit status."""
    try:
        build(options.directory.absolute(), architecture=options.architecture)
    except (BuildFailedError, PythonMissingError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Built for {options.architecture}: {options.directory}")
    return 0


def architecture_here() -> str:
    """This machine's processor, in Lambda's words."""
    return "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"


def built_here() -> Path:
    """The functions and the layer built for this machine from the sources as they are now.

    Raises:
        BuildFailedError: they cannot be built.
        PythonMissingError: Lambda's Python is not installed.
    """
    BUILDS.mkdir(exist_ok=True)
    with (BUILDS / "here.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = RUNNABLE / _SOURCES_FILE
        digest = digest_sources()
        if not known.exists() or known.read_text() != digest:
            print("building functions and layer for this machine", file=sys.stderr, flush=True)
            known.unlink(missing_ok=True)
            build(RUNNABLE, architecture=architecture_here())
            known.write_text(digest)
    return RUNNABLE


def build(directory: Path, *, architecture: str, only: str | None = None) -> None:
    """Replace what `directory` holds by a new build, compiled. Two builds of the same sources are equal byte by byte.

    `only` names one function or layer of the template, the others are left out.

    Raises:
        BuildFailedError: see the message.
        PythonMissingError: Lambda's Python is not installed.
    """
    interpreter = find_interpreter()
    with tempfile.TemporaryDirectory() as folder:
        # sam takes a real `python3.13` from the path and refuses the shims of version managers.
        Path(folder, f"python{VERSION}").symlink_to(interpreter)
        environment = os.environ | {
            "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "ARCHITECTURE": architecture,
            "SAM_CLI_TELEMETRY": "0",
        }
        command = [sys.executable, "-m", "samcli", "build", *([only] if only else []), "--template-file", str(TEMPLATE)]
        command += ["--build-dir", str(directory), "--parameter-overrides", f"Architecture={architecture}"]
        _run(command, environment)
    # The makefiles have compiled what they installed; this adds the handlers that need no packages of their own.
    for handler in sorted(directory.glob("*/app.py")):
        _compile(interpreter, handler)


def artefacts(directory: Path) -> dict[str, Path]:
    """What a build holds: folders by logical id."""
    return {folder.name: folder for folder in sorted(directory.iterdir()) if folder.is_dir()}


def digest_sources() -> str:
    """A digest that changes with every file, and with every part of the template, that a build depends on."""
    digest = hashlib.sha256(architecture_here().encode())
    for file in _sources():
        digest.update(f"{file.relative_to(REPOSITORY)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    for name, resource in parse(TEMPLATE.read_text(encoding="utf-8"))["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"].startswith("AWS::Serverless::"):
            source = properties.get("CodeUri", properties.get("ContentUri"))
            digest.update(json.dumps([name, source, resource.get("Metadata")], default=str).encode())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    for top in ("functions", "shared"):
        for file in sorted((REPOSITORY / top).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                yield file


def _compile(interpreter: Path, handler: Path) -> None:
    options = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(handler.parent), "-p", "/var/task"]
    _run([str(interpreter), "-m", "compileall", *options, str(handler)], os.environ | {"PYTHONHASHSEED": "0"})


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BuildFailedError(f"{done.stdout}{done.stderr}".strip())
