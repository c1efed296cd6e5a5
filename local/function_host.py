"""What the two programs that run functions share: their pools, and telling the supervisor about them."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from collections.abc import Iterable

from local.configuration import Configuration
from local.functions import read_functions
from local.lambda_pool import LambdaFunction
from local.layout import REPOSITORY
from local.template import Template, read_local

logger = logging.getLogger(__name__)


class FunctionHost:
    """The functions that one program runs, started and ended together."""

    def __init__(self, program: str, configuration: Configuration) -> None:
        self.configuration = configuration
        self.template: Template = read_local(REPOSITORY / "template.yaml", configuration.attributes)
        self.functions: dict[str, LambdaFunction] = {}
        self._file = configuration.layout.program_file(program)
        self._specifications = read_functions(self.template, REPOSITORY, configuration.variables)

    def start(self, logical_ids: Iterable[str]) -> None:
        """Start keeping these functions warm, in this order."""
        for logical_id in logical_ids:
            specification = self._specifications[logical_id]
            if not (specification.folder / "app.py").exists():
                logger.warning("%s has no app.py", specification.name)
                continue
            log = self.configuration.layout.logs / f"{specification.name}.log"
            self.functions[logical_id] = LambdaFunction(
                specification, shared_folder=REPOSITORY, log=log, on_change=self._tell
            )
        for function in self.functions.values():
            function.start()

    async def close(self) -> None:
        """End every environment."""
        await asyncio.gather(*(function.close() for function in self.functions.values()))

    def _tell(self) -> None:
        known = {
            function.function.name: {"pids": function.pids, "state": function.state}
            for function in self.functions.values()
        }
        unfinished = self._file.with_suffix(".new")
        unfinished.write_text(json.dumps(known))
        os.replace(unfinished, self._file)  # noqa: PTH105 - the short form of an atomic exchange.


async def wait_for_end() -> None:
    """Return when the process is told to end."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await told.wait()


def log_to_console() -> None:
    """Log as a program whose output is a log file."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
