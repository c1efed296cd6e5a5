"""What the built functions find around them: real stores with sample rows, simulated providers, an issuer of tokens."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert
from sqlalchemy.engine import URL

from local import child_process
from local.aws_resources import Attributes, aws_client, create_resources
from local.configuration import SECRETS, configure
from local.demo_business import AGENTS, ROUTING_RULES
from local.functions import read_functions
from local.identity import AUDIENCE
from local.invocation_environment import OFFLINE_MODELS
from local.lambda_pool import FunctionSpecification
from local.layout import DEFAULT_PORT_BASE, REPOSITORY, Layout, Ports
from local.ports import free_port, is_listening
from local.runtime_emulator import Answer, RuntimeEmulator, built_import_path
from local.template import read_local
from shared.adapters.postgres.schema import agents, call_backs, calls, conversations, messages, routing_rules, users
from tests.fakes.identity_provider import IdentityProvider

CALL_SID = "CA00000000000000000000000000000001"
CONVERSATION_ID = "0196a1b2-0000-7000-8000-000000000001"
TAKEN_OVER_ID = "0196a1b2-0000-7000-8000-000000000002"
CALL_BACK_IDS = ("5d0c2b1e-7a64-5f0e-9a51-0c9be0a1c001", "5d0c2b1e-7a64-5f0e-9a51-0c9be0a1c002")
STARTED_AT = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
START_SECONDS = 60


@dataclass(frozen=True)
class Cloud:
    """The emulated AWS services with the resources of the template."""

    url: str
    attributes: Attributes

    def client(self, service: str) -> Any:
        """A client of one service."""
        return aws_client(service, self.url)

    def name(self, logical_id: str) -> str:
        """What `!Ref` yields for a resource."""
        return self.attributes[logical_id]["Ref"]


class BuiltFunctions:
    """The functions of a build, each on a runtime emulator of its own that starts with its first event."""

    def __init__(
        self, build: Path, *, python: Path, specifications: dict[str, FunctionSpecification], logs: Path
    ) -> None:
        self._build = build
        self._python = python
        self._specifications = {each.name: each for each in specifications.values()}
        self._logs = logs
        self._running: dict[str, RuntimeEmulator] = {}

    def invoke(self, name: str, event: object) -> Answer:
        """The answer of a function, by its folder's name."""
        if name not in self._running:
            self._running[name] = self.environment(name).__enter__()
        return self._running[name].invoke(event)

    def environment(self, name: str, **variables: str) -> RuntimeEmulator:
        """Another environment of a function, with some variables of its own; a context."""
        specification = self._specifications[name]
        function = replace(
            specification,
            folder=self._build / specification.logical_id,
            variables={**specification.variables, **variables},
        )
        return RuntimeEmulator(
            function,
            python=self._python,
            import_path=built_import_path(self._build, function.folder),
            log=self._logs / f"{name}.log",
        )

    def close(self) -> None:
        """End them all."""
        for emulator in self._running.values():
            emulator.__exit__()


def create_cloud(url: str) -> Cloud:
    """What the template declares, in an empty emulator; providers' secrets are those of the sample events."""
    template = read_local(REPOSITORY / "template.yaml")
    return Cloud(url, create_resources(template, url, SECRETS))


def specifications(
    cloud: Cloud, directory: Path, *, database_url: str, cache_url: str, simulators_port: int, identity_port: int
) -> dict[str, FunctionSpecification]:
    """Every function with the environment of the local platform, at the address that the sample events name."""
    unused = free_port()
    ports = Ports(
        front_door=DEFAULT_PORT_BASE,
        stream_service=(unused,),
        aws=int(cloud.url.rpartition(":")[2]),
        simulators=simulators_port,
        postgres=unused,
        identity=identity_port,
        speech=unused,
        valkey=(unused,),
    )
    configuration = configure(
        Layout(directory=directory),
        ports,
        database_url=database_url,
        database_certificate=directory / "none",
        redis_url=cache_url,
        attributes=cloud.attributes,
    )
    template = read_local(REPOSITORY / "template.yaml", cloud.attributes)
    front_end = {"CORS_ORIGINS": "https://console.example.in"}
    variables = configuration.variables | OFFLINE_MODELS | front_end | {"DATABASE_CA_FILE": ""}
    return read_functions(template, REPOSITORY, variables)


def write_sample_rows(engine: Engine) -> None:
    """The demo's agents, and the conversations and the call that sample events name."""
    now = datetime.now(UTC)
    spoken_at = {"started_at": STARTED_AT, "last_message_at": STARTED_AT}
    with engine.begin() as connection:
        connection.execute(insert(agents), [{**asdict(agent), "version": 1} for agent in AGENTS])
        connection.execute(insert(routing_rules), [{**asdict(rule), "version": 1} for rule in ROUTING_RULES])
        connection.execute(
            insert(users), [{"channel": channel, "user_id": "919820012345"} for channel in ("voice", "whatsapp")]
        )
        connection.execute(
            insert(conversations),
            [{"id": CONVERSATION_ID, "channel": "voice", "user_id": "919820012345", "status": "open", **spoken_at}],
        )
        person_has_it = {"channel": "whatsapp", "user_id": "919820012345", "status": "human"}
        connection.execute(
            insert(conversations),
            [{"id": TAKEN_OVER_ID, **person_has_it, "started_at": now, "last_message_at": now}],
        )
        connection.execute(
            insert(messages),
            [
                {
                    "id": TAKEN_OVER_ID,
                    "conversation_id": TAKEN_OVER_ID,
                    "channel": "whatsapp",
                    "user_id": "919820012345",
                    "business_id": "100200300",
                    "direction": "inbound",
                    "speaker": "user",
                    "kind": "text",
                    "text": "Is my report ready?",
                    "sent_at": now,
                    "state": "done",
                }
            ],
        )
        connection.execute(
            insert(calls),
            [
                {
                    "call_sid": CALL_SID,
                    "conversation_id": CONVERSATION_ID,
                    "caller_id": "919820012345",
                    "business_id": "912248901234",
                    "direction": "inbound",
                    "state": "live",
                    "started_at": STARTED_AT,
                }
            ],
        )
        promised = {"conversation_id": CONVERSATION_ID, "wanted": "person", "phone_number": "919820012345"}
        connection.execute(
            insert(call_backs),
            [
                {"id": promised_id, **promised, "about": "The bill.", "due_at": STARTED_AT, "state": "due"}
                for promised_id in CALL_BACK_IDS
            ],
        )


@contextmanager
def simulated_providers(log: Path) -> Iterator[int]:
    """Twilio and Meta; the port."""
    port = free_port()
    command = [sys.executable, "-m", "local.simulators", "--port", str(port), "--no-statuses"]
    process = child_process.spawn(
        [*command, "--base-url", f"http://127.0.0.1:{DEFAULT_PORT_BASE}"], log=log, cwd=REPOSITORY
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not is_listening(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield port
    finally:
        child_process.stop(process)


@contextmanager
def published_keys(identity: IdentityProvider) -> Iterator[int]:
    """Publishes the keys of tokens; the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(identity.published()).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the class above.
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def admin_token(identity: IdentityProvider, identity_port: int) -> str:
    """A token of an administrator, by the issuer that the functions trust."""
    issuer = f"http://127.0.0.1:{identity_port}"
    return identity.token({"iss": issuer, "client_id": AUDIENCE, "cognito:groups": ["admin"]})


def master_variables(url: URL, *, secret_name: str) -> dict[str, str]:
    """Where the owner of the database signs in, for the functions that change it."""
    return {
        "DATABASE_HOST": str(url.host),
        "DATABASE_PORT": str(url.port),
        "DATABASE_NAME": str(url.database),
        "DATABASE_MASTER_SECRET_ARN": secret_name,
    }
