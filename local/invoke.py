"""Command `invoke`: run one function on one event file, as Lambda would."""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from local.build import BuildFailedError, built_here
from local.functions import read_functions
from local.invocation_environment import TOKEN_PLACEHOLDER, Surroundings, surroundings, unreachable
from local.lambda_pool import ExecutionEnvironment, FunctionSpecification, InvocationFailedError
from local.lambda_python import PythonMissingError, runtime_environment
from local.layout import REPOSITORY, Layout, default_layout
from local.runtime_emulator import RuntimeEmulator, built_import_path, find_emulator
from local.template import read_local


class NoSuchFunctionError(Exception):
    """The template has no function of that name; the message lists those it has."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("function", help="a folder of functions/")
    parser.add_argument("event", type=Path, help="a JSON file, for example events/message_webhook/whatsapp_text.json")
    parser.add_argument("--source", action="store_true", help="run the source files instead of building them first")
    parser.add_argument("--timeout", type=float, help="seconds, in the place of the template's")
    parser.add_argument("--directory", type=Path, default=default_layout().directory, help="of the running copy")


def run(options: argparse.Namespace) -> int:
    """Print the result and, on standard error, the function's log; the exit status is 0 when there is a result."""
    is_emulated = find_emulator() is not None
    is_built = is_emulated and not options.source
    if not is_emulated:
        _say("without Lambda's runtime emulator (Linux only, `make install-dev`) a plain process runs the source")
    around = surroundings(Layout(directory=options.directory.absolute()), built=is_built)
    try:
        event = _read_event(options.event, around.token)
        function = _find(options.function, around, timeout_seconds=options.timeout)
        if missing := unreachable(around.variables):
            _say(f"not reachable: {', '.join(missing)}. `make run` starts them all")
        result = _invoke_emulated(function, event, built=is_built) if is_emulated else _invoke_process(function, event)
    except (
        BuildFailedError,
        InvocationFailedError,
        NoSuchFunctionError,
        OSError,
        PythonMissingError,
        ValueError,
        subprocess.CalledProcessError,
    ) as error:
        _say(f"error: {error}")
        return 1
    print(json.dumps(result, indent=2, ensure_ascii=False))
    return 0


def _read_event(file: Path, token: str) -> Any:
    text = file.read_text(encoding="utf-8")
    return json.loads(text.replace(TOKEN_PLACEHOLDER, token) if token else text)


def _find(name: str, around: Surroundings, *, timeout_seconds: float | None) -> FunctionSpecification:
    template = read_local(REPOSITORY / "template.yaml", around.configuration.attributes)
    functions = {each.name: each for each in read_functions(template, REPOSITORY, around.variables).values()}
    if name not in functions:
        raise NoSuchFunctionError(f"there is no such function; there are {', '.join(functions)}")
    function = functions[name]
    return replace(function, timeout_seconds=timeout_seconds) if timeout_seconds else function


def _invoke_emulated(function: FunctionSpecification, event: Any, *, built: bool) -> Any:
    python, import_path = Path(sys.executable), (function.folder, REPOSITORY)
    if built:
        build = built_here()
        python = runtime_environment()
        function = replace(function, folder=build / function.logical_id)
        import_path = built_import_path(build, function.folder)
    return _invoke_in_emulator(function, event, python=python, import_path=import_path)


def _invoke_in_emulator(
    function: FunctionSpecification, event: Any, *, python: Path, import_path: Sequence[Path]
) -> Any:
    with (
        tempfile.TemporaryDirectory() as folder,
        RuntimeEmulator(function, python=python, import_path=import_path, log=Path(folder, "log")) as emulator,
    ):
        try:
            answer = emulator.invoke(event)
        finally:
            print(emulator.output, end="", file=sys.stderr)
        _say(f"{function.name} took {answer.duration_ms:.0f} ms, of which its start {emulator.init_ms or 0:.0f} ms")
        return answer.result


def _invoke_process(function: FunctionSpecification, event: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "function.log"
        started = time.perf_counter()
        try:
            result = asyncio.run(_run_process(function, event, log))
        finally:
            print(log.read_text(), end="", file=sys.stderr)
        _say(f"{function.name} took {(time.perf_counter() - started) * 1000:.0f} ms, its start included")
        return result


async def _run_process(function: FunctionSpecification, event: Any, log: Path) -> Any:
    environment = ExecutionEnvironment(function, shared_folder=REPOSITORY, log=log)
    try:
        await environment.wait_until_warm()
        return await environment.invoke(event)
    finally:
        await environment.end()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
