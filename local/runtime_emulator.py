"""A function on Lambda's own runtime loop: the Runtime Interface Emulator of AWS, which ships with the SAM CLI.

One execution environment, one event at a time; time limits, crashes and oversized answers end as they do in Lambda.
Memory is not limited, and every function has the same made-up ARN.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx

from local import child_process, ports
from local.build import LAYER, architecture_here
from local.lambda_pool import FunctionSpecification, InvocationFailedError

INVOCATIONS = "/2015-03-31/functions/function/invocations"
START_TIMEOUT_SECONDS = 20.0
GRACE_SECONDS = 30.0
"""How much longer than the function's own limit we wait: the first event also starts the environment."""

_INIT = re.compile(r"INIT REPORT\(durationMs: ([0-9.]+)\)")
_NOISE = re.compile(r"\(rapid\)|^(START|END) RequestId:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a function gave back, and how long that took as its caller sees it."""

    result: Any
    duration_ms: float


def find_emulator() -> Path | None:
    """The emulator's program for this processor; None where there is none, as on macOS."""
    found = importlib.util.find_spec("samcli")
    if sys.platform != "linux" or found is None or not found.submodule_search_locations:
        return None
    name = f"aws-lambda-rie-{architecture_here()}"
    program = Path(found.submodule_search_locations[0], "local", "rapid", name)
    return program if program.exists() else None


class RuntimeEmulator:
    """One function. Use as a context; `log` gets the function's output."""

    def __init__(
        self, function: FunctionSpecification, *, python: Path, import_path: Sequence[Path], log: Path
    ) -> None:
        """Take a function.

        Args:
            function: what to run, where and with which environment.
            python: has the runtime client `awslambdaric`.
            import_path: where the function's packages are, its own folder and the layer's.
            log: file that the output is appended to.
        """
        self.log = log
        self._function = function
        self._python = python
        self._import_path = import_path
        self._process: subprocess.Popen[bytes] | None = None
        self._url = ""

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            child_process.stop(self._process)

    def invoke(self, event: object) -> Answer:
        """The function's answer to one event.

        Raises:
            InvocationFailedError: it raised, crashed, took too long or answered too much; its log says more.
        """
        limit = self._function.timeout_seconds + GRACE_SECONDS
        started = time.perf_counter()
        try:
            response = httpx.post(self._url, content=json.dumps(event), timeout=limit, trust_env=False)
        except httpx.HTTPError as error:
            raise InvocationFailedError(f"{self._function.name} gave no answer: {error!r}") from error
        duration_ms = (time.perf_counter() - started) * 1000
        return Answer(result=_result(self._function.name, response.text), duration_ms=duration_ms)

    @property
    def output(self) -> str:
        """What the function has logged, without the emulator's own lines."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "".join(f"{line}\n" for line in lines if not _NOISE.search(line))

    @property
    def init_ms(self) -> float | None:
        """How long the last start of the environment took, imports included."""
        found = _INIT.findall(self.log.read_text(errors="replace"))
        return float(found[-1]) if found else None

    def _start(self) -> None:
        emulator = find_emulator()
        if emulator is None:
            raise InvocationFailedError("the Runtime Interface Emulator does not run on this machine")
        port, api_port = ports.free_port(), ports.free_port()
        self._url = f"http://{ports.HOST}:{port}{INVOCATIONS}"
        command = [str(emulator), "--runtime-interface-emulator-address", f"{ports.HOST}:{port}"]
        command += ["--runtime-api-address", f"{ports.HOST}:{api_port}"]
        command += [str(self._python), "-m", "awslambdaric", self._function.handler]
        self._process = child_process.spawn(
            command, log=self.log, cwd=self._function.folder, environment=self._environment()
        )
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not ports.is_listening(port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise InvocationFailedError(f"the emulator of {self._function.name} did not start; see {self.log}")
            time.sleep(0.02)

    def _environment(self) -> Mapping[str, str]:
        return {
            **self._function.variables,
            "AWS_LAMBDA_FUNCTION_TIMEOUT": f"{self._function.timeout_seconds:.0f}",
            "LAMBDA_TASK_ROOT": str(self._function.folder),
            "PYTHONPATH": ":".join(map(str, self._import_path)),
            "PYTHONNOUSERSITE": "1",
            # A build must stay as it was built.
            "PYTHONDONTWRITEBYTECODE": "1",
        }


def built_import_path(build: Path, function: Path) -> tuple[Path, Path]:
    """Where a built function finds its packages: its own folder, then the layer's."""
    return function, build / LAYER / "python"


def _result(name: str, text: str) -> Any:
    """The emulator reports failures in the body only."""
    try:
        result = json.loads(text)
    except ValueError:
        raise InvocationFailedError(f"{name}: {text}") from None
    if isinstance(result, dict) and "errorMessage" in result and "errorType" in result:
        raise InvocationFailedError(f"{name} raised {result['errorType']}: {result['errorMessage']}")
    return result
