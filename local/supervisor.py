"""Starts every program of the local platform in order, keeps them running, says where everything is, ends them all."""

from __future__ import annotations

import asyncio
import fcntl
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local import child_process
from local.configuration import SECRETS, Configuration, configure
from local.databases import PostgresServer, ValkeyCluster
from local.fault_addresses import link_arguments, linked_ports
from local.identity.provider import TOKEN_SECONDS, IdentityProvider
from local.layout import REPOSITORY, Layout, Ports, choose_ports
from local.logs import bound_logs
from local.migrate import migrate
from local.processes import end_processes, write_processes
from local.service import Service, ServiceFailedError, is_listening_on, wait_until
from local.stack_file import describe_stack, write_stack

WATCH_SECONDS = 0.2
LOG_BOUND_SECONDS = 10.0
START_SECONDS = 120.0

Say = Callable[[str], None]


class AlreadyRunningError(Exception):
    """This copy of the platform runs already."""


class Supervisor:
    """One run of the platform."""

    def __init__(
        self, layout: Layout, *, port_base: int, stream_tasks: int, say: Say, fault_control: int | None = None
    ) -> None:
        """`say` shows a line of progress to whoever started us.

        With `fault_control` all programs reach what they depend on through a fault proxy that is told on this port.
        """
        self._layout = layout
        self._port_base = port_base
        self._stream_tasks = stream_tasks
        self._fault_control = fault_control
        self._say = say
        self._services: list[Service] = []
        self._configuration: Configuration | None = None
        self._identity: IdentityProvider | None = None
        self._tokens: dict[str, str] = {}
        self._told: dict[str, Any] = {}
        self._stopped = asyncio.Event()

    async def run(self, on_ready: Callable[[Configuration], None]) -> None:
        """Start everything, call `on_ready`, keep it running until told to stop, then end everything.

        Raises:
            AlreadyRunningError: a copy runs in the same folder.
            PortTakenError: the front door's port is in use.
            ServiceFailedError: a program did not start.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self.stop)
        with _lock(self._layout):
            end_processes(self._layout.process_file)  # Of a run that was killed.
            shutil.rmtree(self._layout.run, ignore_errors=True)
            self._layout.run.mkdir()
            self._layout.logs.mkdir(exist_ok=True)
            self._layout.stack_file.unlink(missing_ok=True)
            ports = choose_ports(self._port_base, stream_tasks=self._stream_tasks)
            starting = asyncio.create_task(self._start(ports))
            stopping = asyncio.create_task(self._stopped.wait())
            try:
                await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if starting.done():
                    on_ready(starting.result())
                    self._add_stream_tasks(ports)
                    self._add_speech(ports.speech)
                    await self._watch()
            except ExceptionGroup as failures:  # Of parts that start at the same time; the first one is the cause.
                raise failures.exceptions[0] from None
            finally:
                for task in (starting, stopping):
                    task.cancel()
                await asyncio.gather(starting, stopping, return_exceptions=True)
                await self._end()

    def stop(self) -> None:
        """Make `run` end everything and return."""
        self._stopped.set()

    async def _start(self, ports: Ports) -> Configuration:
        self._identity = IdentityProvider(self._layout.directory, ports.identity)
        await self._identity.start()
        reached = await self._start_links(ports)
        self._say("starting PostgreSQL, a Valkey cluster and the AWS emulator")
        async with asyncio.TaskGroup() as group:
            postgres = group.create_task(self._start_postgres(ports.postgres))
            valkey = group.create_task(self._start_valkey(ports.valkey, reached.valkey))
            attributes = group.create_task(self._start_aws(ports.aws))
        configuration = self._configuration = configure(
            self._layout,
            ports,
            database_url=postgres.result().url,
            database_certificate=postgres.result().certificate,
            redis_url=valkey.result(),
            attributes=attributes.result(),
            reached=reached,
        )
        configuration.write()
        self._say("starting the functions, the stream service and the simulated providers")
        async with asyncio.TaskGroup() as group:
            group.create_task(self._start_simulators(ports.simulators))
            group.create_task(self._start_module("stream_service", ["stream_service"], ports.stream_service[0]))
            group.create_task(self._start_functions("front_door", "local.front_door_program"))
            group.create_task(self._prepare_database(configuration))
        self._issue_tokens()
        self._tell()
        return configuration

    async def _start_links(self, ports: Ports) -> Ports:
        """The ports at which the programs reach what they depend on: those of the fault proxy, if there is one."""
        if self._fault_control is None:
            return ports
        reached = linked_ports(ports)
        arguments = ["--control", str(self._fault_control), *link_arguments(ports, reached)]
        service = self._add(self._module("fault_proxy", ["local.fault_proxy", *arguments], environment=None))
        is_ready = is_listening_on(self._fault_control)
        await wait_until(is_ready, service, within_seconds=START_SECONDS, log=self._log("fault_proxy"))
        return reached

    async def _start_postgres(self, port: int) -> PostgresServer:
        server = PostgresServer(self._layout.directory / "postgres", port, log=self._layout.logs / "postgres.log")
        await asyncio.to_thread(server.prepare)
        service = self._add(Service(name="postgres", spawn=server.spawn, stop_signal=server.stop_signal))
        assert service.process is not None
        await asyncio.to_thread(server.wait_until_ready, service.process)
        return server

    async def _start_valkey(self, node_ports: tuple[int, ...], announced_ports: tuple[int, ...]) -> str:
        cluster = ValkeyCluster(
            self._layout.directory / "valkey",
            node_ports,
            log_directory=self._layout.logs,
            announced_ports=announced_ports,
        )
        await asyncio.to_thread(cluster.prepare)
        for port in node_ports:
            self._add(Service(name=f"valkey-{port}", spawn=functools.partial(cluster.spawn, port)))
        await asyncio.to_thread(cluster.wait_until_ready)
        return cluster.url

    async def _start_aws(self, port: int) -> dict[str, dict[str, str]]:
        directory = self._layout.directory / "aws"
        directory.mkdir(exist_ok=True)
        created = directory / "attributes.json"
        created.unlink(missing_ok=True)
        secrets = self._layout.run / "secrets.json"
        secrets.touch(mode=0o600)
        secrets.write_text(json.dumps(SECRETS))
        arguments = ["--port", str(port), "--directory", str(directory), "--secrets", str(secrets)]
        arguments += ["--template", str(REPOSITORY / "template.yaml")]
        service = self._add(self._module("aws", ["local.aws_emulator", *arguments], environment=None))
        await wait_until(created.exists, service, within_seconds=START_SECONDS, log=self._log("aws"))
        attributes: dict[str, dict[str, str]] = json.loads(created.read_text())
        return attributes

    async def _start_module(self, name: str, module: list[str], port: int) -> None:
        assert self._configuration is not None
        environment = {**self._configuration.variables, "POWERTOOLS_SERVICE_NAME": name}
        service = self._add(self._module(name, module, environment=environment))
        await wait_until(is_listening_on(port), service, within_seconds=START_SECONDS, log=self._log(name))

    async def _start_simulators(self, port: int) -> None:
        await self._start_module("simulators", ["local.simulators", "--port", str(port)], port)

    def _add_stream_tasks(self, ports: Ports) -> None:
        """Start the other tasks of the stream service; nobody waits for them, for the first one serves already."""
        assert self._configuration is not None
        for number, port in enumerate(ports.stream_service[1:], start=2):
            environment = {
                **self._configuration.variables,
                "POWERTOOLS_SERVICE_NAME": "stream_service",
                "STREAM_PORT": str(port),
            }
            self._add(self._module(f"stream_service_{number}", ["stream_service"], environment=environment))

    def _add_speech(self, port: int) -> None:
        """Start the engines for voice notes, if anybody is to ask them; nobody waits for them either."""
        assert self._configuration is not None
        variables = self._configuration.variables
        if variables.get("VOICE_NOTES_BASE_URL") == self._configuration.speech_url:
            self._add(self._module("speech", ["local.speech", "--port", str(port)], environment=variables))

    async def _start_functions(self, name: str, module: str) -> None:
        configuration_file = str(self._layout.configuration_file)
        service = self._add(self._module(name, [module, configuration_file], environment=None))
        file = self._layout.program_file(name)

        def have_started() -> bool:
            functions = _read(file)
            return bool(functions) and all(function["state"] != "starting" for function in functions.values())

        await wait_until(have_started, service, within_seconds=START_SECONDS, log=str(self._layout.logs))
        for function, known in _read(file).items():
            if known["state"] == "broken":
                self._say(f"WARNING: {function} cannot be imported; see {self._log(function)}")

    async def _prepare_database(self, configuration: Configuration) -> None:
        await asyncio.to_thread(migrate, configuration)
        await self._seed()
        # Messages of an earlier run may be waiting: they are taken up only when there are tables for the answers.
        await self._start_functions("queue_poller", "local.queue_poller")

    async def _seed(self) -> None:
        """In a process of its own, because the model that measures knowledge takes memory."""
        command = [sys.executable, "-m", "local", "seed", "--if-missing", "--directory", str(self._layout.directory)]
        log = self._layout.logs / "seed.log"
        process = child_process.spawn(command, log=log, cwd=REPOSITORY)
        try:
            status = await asyncio.to_thread(process.wait, START_SECONDS)
        finally:
            child_process.kill_group(process.pid)
        if status:
            raise ServiceFailedError(f"the demo business could not be written; see {log}")

    def _module(self, name: str, module: list[str], *, environment: dict[str, str] | None) -> Service:
        def spawn() -> subprocess.Popen[bytes]:
            command = [sys.executable, "-m", *module]
            log = self._layout.logs / f"{name}.log"
            return child_process.spawn(command, log=log, cwd=REPOSITORY, environment=environment)

        return Service(name=name, spawn=spawn)

    def _add(self, service: Service) -> Service:
        service.start()
        self._services.append(service)
        self._remember_processes()
        return service

    def _log(self, name: str) -> str:
        return str(self._layout.logs / f"{name}.log")

    async def _watch(self) -> None:
        """Restart what crashed, keep stack.json, the tokens and the logs in order, until told to stop."""
        next_bound = tokens_until = time.monotonic()
        tokens_until += TOKEN_SECONDS / 2
        while not self._stopped.is_set():
            for service in self._services:
                if service.restart_if_ended():
                    self._say(f"{service.name} ended unexpectedly and was started again")
            if time.monotonic() > tokens_until:
                self._issue_tokens()
                tokens_until = time.monotonic() + TOKEN_SECONDS / 2
            if time.monotonic() > next_bound:
                bound_logs(self._layout.logs)
                next_bound = time.monotonic() + LOG_BOUND_SECONDS
            self._tell()
            try:
                async with asyncio.timeout(WATCH_SECONDS):
                    await self._stopped.wait()
            except TimeoutError:
                continue

    def _issue_tokens(self) -> None:
        assert self._identity is not None
        self._tokens = {
            "api_token": self._identity.issue("local-operator", ["operator"]),
            "admin_token": self._identity.issue("local-admin", ["admin"]),
        }

    def _tell(self) -> None:
        """Write stack.json when it would differ from what was written last."""
        assert self._configuration is not None
        assert self._identity is not None
        pids: dict[str, Any] = {"supervisor": os.getpid()}
        nodes = [service for service in self._services if service.name.startswith("valkey-")]
        for service in self._services:
            if service not in nodes and service.process is not None:
                pids[service.name] = service.process.pid
        pids["valkey"] = [node.process.pid for node in nodes if node.process is not None]
        for program in ("front_door", "queue_poller"):
            for name, function in _read(self._layout.program_file(program)).items():
                pids[name] = function["pids"][0] if len(function["pids"]) == 1 else function["pids"]
        stack = describe_stack(self._configuration, **self._tokens, users=self._identity.users, pids=pids)
        if stack != self._told:
            self._told = stack
            write_stack(self._layout.stack_file, stack)
            self._remember_processes()

    def _remember_processes(self) -> None:
        pids = [os.getpid(), *(service.process.pid for service in self._services if service.process is not None)]
        for program in ("front_door", "queue_poller"):
            pids += [pid for function in _read(self._layout.program_file(program)).values() for pid in function["pids"]]
        write_processes(self._layout.process_file, pids)

    async def _end(self) -> None:
        """End the programs: first those that use others."""
        self._layout.stack_file.unlink(missing_ok=True)
        users = [service for service in self._services if not _is_store(service.name)]
        stores = [service for service in self._services if _is_store(service.name)]
        await asyncio.gather(*(service.stop() for service in users))
        await asyncio.gather(*(service.stop() for service in stores))
        if self._identity:
            self._identity.close()
        self._layout.process_file.unlink(missing_ok=True)


def _is_store(name: str) -> bool:
    return name in {"postgres", "aws", "fault_proxy"} or name.startswith("valkey-")


class _lock:  # noqa: N801 - used like a function.
    """Held while a copy runs; given back by the system whatever happens to us."""

    def __init__(self, layout: Layout) -> None:
        layout.directory.mkdir(parents=True, exist_ok=True)
        self._file = (layout.directory / "lock").open("w")

    def __enter__(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            message = "This copy runs already; `make stop` ends it. For a second one set VAANI_LOCAL_DIRECTORY too."
            raise AlreadyRunningError(message) from error

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _read(file: Path) -> dict[str, Any]:
    try:
        known: dict[str, Any] = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return known
