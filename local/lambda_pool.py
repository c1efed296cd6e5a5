"""The functions as Lambda runs them: execution environments of their own, one event at a time in each."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local import child_process
from local.lambda_child import FRAME

LAMBDA_CHILD = Path(__file__).with_name("lambda_child.py")
START_TIMEOUT_SECONDS = 60.0
QUEUE_TIMEOUT_SECONDS = 10.0
"""How long an event waits for a free environment before the invocation counts as throttled."""

RESTART_PAUSE_SECONDS, LONGEST_RESTART_PAUSE_SECONDS = 0.5, 10.0
"""Between attempts to start an environment whose handler cannot be imported."""

LARGEST_RESULT_BYTES = 6_291_556
"""Source: AWS Lambda quotas, synchronous invocation payload."""

logger = logging.getLogger(__name__)


class InvocationFailedError(Exception):
    """The function gave no result: it raised, crashed, took too long or could not be started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSpecification:
    """One function as the template declares it.

    Attributes:
        name: its folder's name under `functions/`.
        logical_id: its name in the template.
        environments: how many events it may answer at the same time here.
    """

    name: str
    logical_id: str
    folder: Path
    handler: str
    timeout_seconds: float
    environments: int
    variables: Mapping[str, str] = field(repr=False)


class ExecutionEnvironment:
    """One child process that has imported the handler."""

    def __init__(self, function: FunctionSpecification, *, shared_folder: Path, log: Path) -> None:
        self._function = function
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._is_warm = False
        self._socket, theirs = socket.socketpair()
        with theirs:
            command: list[str | Path] = [
                sys.executable,
                "-u",
                LAMBDA_CHILD,
                str(theirs.fileno()),
                function.folder,
                shared_folder,
            ]
            self.process: subprocess.Popen[bytes] = child_process.spawn(
                command,
                log=log,
                cwd=function.folder,
                environment=function.variables,
                pass_fds=(theirs.fileno(),),
            )

    async def wait_until_warm(self) -> None:
        """Return when the handler is imported.

        Raises:
            InvocationFailedError: the import failed or took too long; the function's log says why.
        """
        self._socket.setblocking(False)
        self._reader, self._writer = await asyncio.open_connection(sock=self._socket, limit=LARGEST_RESULT_BYTES)
        message = await self._receive(START_TIMEOUT_SECONDS)
        self._is_warm = "ready" in message
        if "error" in message:
            await self.end()
            raise InvocationFailedError(f"{self._function.name} cannot be imported: {message['error']['errorMessage']}")

    async def invoke(self, event: Any, *, trace_id: str = "") -> Any:
        """Return the handler's result; an environment that failed to answer must be ended by the caller.

        Raises:
            InvocationFailedError: the handler raised (the environment lives on), or the process is gone or too slow.
        """
        assert self._writer is not None
        deadline = time.time() + self._function.timeout_seconds
        invocation = {"event": event, "request_id": str(uuid.uuid4()), "trace_id": trace_id, "deadline": deadline}
        payload = json.dumps(invocation).encode()
        self._writer.write(FRAME.pack(len(payload)) + payload)
        message = await self._receive(self._function.timeout_seconds)
        if "error" in message:
            raise InvocationFailedError(f"{self._function.name} raised {message['error']['errorType']}")
        return message["result"]

    @property
    def is_alive(self) -> bool:
        """Whether the handler is imported and the process still runs."""
        return self._is_warm and self.process.poll() is None

    async def end(self) -> None:
        """Kill the process: Lambda gives an environment no time to say goodbye either."""
        self._is_warm = False
        child_process.kill_group(self.process.pid)
        if self._writer:
            self._writer.close()
            with contextlib.suppress(ConnectionError):
                await self._writer.wait_closed()
        else:
            self._socket.close()
        await asyncio.to_thread(self.process.wait)

    async def _receive(self, timeout_seconds: float) -> dict[str, Any]:
        assert self._reader is not None
        try:
            async with asyncio.timeout(timeout_seconds):
                size = FRAME.unpack(await self._reader.readexactly(FRAME.size))[0]
                if size <= LARGEST_RESULT_BYTES:
                    message: dict[str, Any] = json.loads(await self._reader.readexactly(size))
                    return message
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
            await self.end()
            kind = "timed out" if isinstance(error, TimeoutError) else "exited before it answered"
            raise InvocationFailedError(f"{self._function.name} {kind}") from error
        await self.end()
        raise InvocationFailedError(f"{self._function.name} answered with more than 6 MB")


class LambdaFunction:
    """One function and its environments, which are started ahead of need and replaced when they die."""

    def __init__(
        self,
        function: FunctionSpecification,
        *,
        shared_folder: Path,
        log: Path,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.function = function
        self._shared_folder = shared_folder
        self._log = log
        self._on_change = on_change
        self._free: asyncio.Queue[ExecutionEnvironment] = asyncio.Queue()
        self._all: set[ExecutionEnvironment] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closing = False
        self._is_broken = False

    def start(self) -> None:
        """Start keeping the environments warm, one after the other; returns at once."""
        self._run(self._add_environments())

    @property
    def pids(self) -> list[int]:
        """The processes of the environments that live now."""
        return [environment.process.pid for environment in self._all if environment.process.poll() is None]

    @property
    def state(self) -> str:
        """`warm`: an environment can answer; `broken`: the handler could not be imported; `starting`: neither yet."""
        if any(environment.is_alive for environment in self._all):
            return "warm"
        return "broken" if self._is_broken else "starting"

    async def invoke(self, event: Any, *, trace_id: str = "") -> Any:
        """Return the handler's result.

        Raises:
            InvocationFailedError: see `ExecutionEnvironment.invoke`; or no environment became free in time.
        """
        environment = await self._take()
        try:
            return await environment.invoke(event, trace_id=trace_id)
        except asyncio.CancelledError:
            await environment.end()
            raise
        finally:
            self._give_back(environment)

    async def close(self, *, grace_seconds: float = 5.0) -> None:
        """Let running invocations finish for a while, then end every environment."""
        self._is_closing = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_seconds):
                for _ in [environment for environment in self._all if environment.is_alive]:
                    await self._free.get()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(environment.end() for environment in self._all))

    async def _take(self) -> ExecutionEnvironment:
        try:
            async with asyncio.timeout(QUEUE_TIMEOUT_SECONDS):
                while True:
                    environment = await self._free.get()
                    if environment.is_alive:
                        return environment
                    self._replace(environment)
        except TimeoutError as error:
            raise InvocationFailedError(f"{self.function.name} is throttled: every environment is busy") from error

    def _give_back(self, environment: ExecutionEnvironment) -> None:
        if environment.is_alive:
            self._free.put_nowait(environment)
        else:
            self._replace(environment)

    def _replace(self, environment: ExecutionEnvironment) -> None:
        if environment in self._all:
            self._all.discard(environment)
            self._run(environment.end())
            if not self._is_closing:
                self._run(self._add_environment())

    async def _add_environments(self) -> None:
        for _ in range(self.function.environments):
            await self._add_environment()

    async def _add_environment(self) -> None:
        pause_seconds = RESTART_PAUSE_SECONDS
        while not self._is_closing:
            environment = ExecutionEnvironment(self.function, shared_folder=self._shared_folder, log=self._log)
            self._all.add(environment)
            self._on_change()
            try:
                await environment.wait_until_warm()
            except InvocationFailedError as error:
                logger.warning("%s", error)
                self._is_broken = True
                self._all.discard(environment)
                self._on_change()
                await asyncio.sleep(pause_seconds)
                pause_seconds = min(2 * pause_seconds, LONGEST_RESTART_PAUSE_SECONDS)
                continue
            self._is_broken = False
            self._free.put_nowait(environment)
            self._on_change()
            self._run(self._watch(environment))
            return

    async def _watch(self, environment: ExecutionEnvironment) -> None:
        """Replace an idle environment soon after its process was killed, not only at the next event."""
        while environment in self._all:
            if environment.process.poll() is not None:
                self._replace(environment)
            await asyncio.sleep(0.2)

    def _run(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
