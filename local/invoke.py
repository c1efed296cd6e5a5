"""Command `invoke`: run one function on one event file, as Lambda would."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from local.configuration import read_configuration
from local.functions import read_functions
from local.lambda_pool import ExecutionEnvironment, FunctionSpecification, InvocationFailedError
from local.layout import REPOSITORY, Layout, default_layout
from local.template import read_local


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("function", help="a folder of functions/")
    parser.add_argument("event", type=Path, help="a JSON file, for example events/message_webhook/whatsapp_text.json")
    parser.add_argument("--directory", type=Path, default=default_layout().directory, help="of the running copy")


def run(options: argparse.Namespace) -> int:
    """Print the result and, on standard error, the function's log; the exit status is 0 when there is a result."""
    file = Layout(directory=options.directory.absolute()).configuration_file
    if not file.exists():
        print("the platform does not run; `make run` starts it", file=sys.stderr)
        return 1
    configuration = read_configuration(file)
    template = read_local(REPOSITORY / "template.yaml", configuration.attributes)
    functions = read_functions(template, REPOSITORY, configuration.variables).values()
    function = next((each for each in functions if each.name == options.function), None)
    if function is None:
        print(f"there is no such function; there are {', '.join(each.name for each in functions)}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "function.log"
        try:
            result = asyncio.run(invoke(function, json.loads(options.event.read_text()), log))
        except InvocationFailedError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        finally:
            print(log.read_text(), end="", file=sys.stderr)
    print(json.dumps(result, indent=2, ensure_ascii=False))
    return 0


async def invoke(function: FunctionSpecification, event: Any, log: Path) -> Any:
    """The result of one event in a new environment.

    Raises:
        InvocationFailedError: the function gave none.
    """
    environment = ExecutionEnvironment(function, shared_folder=REPOSITORY, log=log)
    try:
        await environment.wait_until_warm()
        return await environment.invoke(event)
    finally:
        await environment.end()
