"""The image holds what the service needs and no more, and runs where nothing but /tmp can be written."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.engine import make_url
from twilio.request_validator import RequestValidator
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from local.layout import REPOSITORY
from shared.adapters.redis.tickets import RedisStreamTickets
from shared.domain.call import StreamTicket
from tests.built.stream_image import (
    build_image,
    can_isolate,
    contained,
    container_environment,
    final_stage,
    instructions,
    packages_of,
    read_compose,
    said_inside,
)

OWN_SERVICES = ("prepare", "stream_service")
SECRET_WORDS = re.compile(r"(?i)(secret|token|password|api_?key|credential)")
ATTEMPT = """
import json, os, sys
def can_write(folder):
    try:
        with open(os.path.join(folder, "written"), "w") as file:
            return bool(file.write("x"))
    except OSError:
        return False
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
print(json.dumps({
    "writable": [folder for folder in sys.argv[1:] if can_write(folder)],
    "ids": [os.getuid(), os.getgid(), os.getgroups()],
    "capabilities": status["CapBnd"] + status["CapEff"],
    "no_new_privileges": status["NoNewPrivs"],
}))
"""

isolated = pytest.mark.skipif(not can_isolate(), reason="needs Linux, and the right to make a mount namespace")


def test_the_last_stage_starts_anew_and_takes_only_our_code_and_the_hashed_packages() -> None:
    copied = [arguments for instruction, arguments in final_stage() if instruction in {"COPY", "ADD"}]

    assert copied == [
        "--from=wheels /build/packages packages/",
        "shared shared/",
        "stream_service stream_service/",
    ]


def test_nothing_is_installed_in_the_last_stage_and_what_installs_is_taken_out() -> None:
    commands = " ; ".join(arguments for instruction, arguments in final_stage() if instruction == "RUN")

    assert not re.search(r"\b(apt-get|apk|curl|wget|pip install|gcc|make)\b", commands)
    assert "pip uninstall --yes" in commands
    assert "ensurepip" in commands


def test_the_process_is_nobody_by_number_is_asked_for_its_health_and_told_to_stop() -> None:
    last = dict(final_stage())

    assert last["USER"] == "10001:10001"
    assert "/health/stream" in last["HEALTHCHECK"]
    assert last["STOPSIGNAL"] == "SIGTERM"
    assert last["VOLUME"] == '["/tmp"]'


def test_no_layer_can_hold_a_secret() -> None:
    ignored = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").split()
    given = [arguments for instruction, arguments in instructions() if instruction in {"ARG", "ENV"}]

    assert ignored[0] == "*"
    assert [line for line in ignored if line.startswith("!")] == ["!shared", "!stream_service"]
    assert not [line for line in given if SECRET_WORDS.search(line)]


def test_the_base_is_an_argument_that_deploying_gives_by_digest() -> None:
    assert [arguments.split()[0] for instruction, arguments in instructions() if instruction == "FROM"] == [
        "${BASE_IMAGE}",
        "${BASE_IMAGE}",
    ]


@pytest.mark.parametrize("name", OWN_SERVICES)
def test_compose_runs_our_image_without_rights_and_without_a_place_to_write(name: str) -> None:
    service = read_compose()["services"][name]

    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]  # noqa: S108 - the container's
    assert service["cap_drop"] == ["ALL"]


def test_nothing_that_compose_starts_gains_privileges_or_is_reached_from_outside() -> None:
    services: dict[str, dict[str, Any]] = read_compose()["services"]

    assert all("no-new-privileges:true" in service["security_opt"] for service in services.values())
    assert all(port.startswith("127.0.0.1:") for service in services.values() for port in service.get("ports", []))
    assert not [name for name, service in services.items() if service.get("privileged") or "cap_add" in service]


async def answer_to(url: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(url)


@pytest.fixture(scope="module")
def app(interpreter: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_image(interpreter, tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="module")
def service(app: Path, interpreter: Path, migrated_url: str, cache_url: str, aws_server: str) -> Iterator[str]:
    """The address of the service in its container."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = make_url(migrated_url).set(drivername="postgresql").render_as_string(hide_password=False)
    environment = container_environment(read_compose()) | {
        "DATABASE_URL": url,
        "REDIS_URL": cache_url,
        "AWS_ENDPOINT_URL": aws_server,
        "STREAM_HOST": "127.0.0.1",
        "STREAM_PORT": str(port),
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
    }
    with contained(app, interpreter, ["-m", "stream_service"], environment):
        yield f"127.0.0.1:{port}"


@pytest.fixture
async def healthy(service: str) -> str:
    """The same, once it answers."""
    async with asyncio.timeout(60):
        while True:
            try:
                (await answer_to(f"http://{service}/health/stream")).raise_for_status()
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
            else:
                return service


@isolated
@pytest.mark.integration
def test_only_tmp_can_be_written_and_no_right_is_left(app: Path, interpreter: Path) -> None:
    folders = ["/srv", "/srv/stream_service", "/media/lib", "/etc", "/var/tmp", "/root", str(REPOSITORY), "/tmp"]  # noqa: S108

    found = json.loads(said_inside(app, interpreter, ["-c", ATTEMPT, *folders]))

    assert found["writable"] == ["/tmp"]  # noqa: S108
    assert found["ids"] == [10001, 10001, []]
    assert int(found["capabilities"], 16) == 0
    assert found["no_new_privileges"] == "1"


@isolated
@pytest.mark.integration
async def test_the_service_serves_a_call_there(healthy: str, cache: Any) -> None:
    ticket = StreamTicket(call_sid="CA1", caller_id="919800000001", business_id="918000000000", slot="CA1")
    token = await RedisStreamTickets(cache).mint(ticket, ttl_seconds=30)
    signature = RequestValidator("local-twilio-auth-token").compute_signature(f"ws://{healthy}/media/{token}", {})

    async with connect(
        f"ws://{healthy}/media/{token}", additional_headers={"x-twilio-signature": signature}, proxy=None
    ) as stream:
        start = {"event": "start", "streamSid": "MZ1", "start": {"callSid": "CA1", "streamSid": "MZ1"}}
        await stream.send(json.dumps(start))
        during = (await answer_to(f"http://{healthy}/health/stream")).json()
    console = await answer_to(f"http://{healthy}/console/")

    assert during["data"]["active_calls"] == 1
    assert console.status_code == httpx.codes.OK


@isolated
@pytest.mark.integration
async def test_the_service_lets_nobody_in_without_a_ticket_there(healthy: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://{healthy}/media/{'a' * 43}", proxy=None)

    assert refused.value.response.status_code == 401


@isolated
@pytest.mark.integration
def test_what_the_image_installs_needs_no_installer(app: Path) -> None:
    packages = {path.name.split("-")[0].lower() for path in packages_of(app).glob("*.dist-info")}

    assert packages >= {"websockets", "uvicorn"}
    assert not packages & {"pip", "setuptools", "wheel", "uv"}
    assert not [path for path in app.rglob("*") if not path.is_symlink() and path.stat().st_mode & stat.S_IWOTH]
