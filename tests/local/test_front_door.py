from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import websockets
from websockets.asyncio.server import ServerConnection, serve

from local import ports
from local.front_door import FrontDoor, StreamAddress
from local.lambda_pool import LambdaFunction
from local.listener_rules import FixedResponse, FunctionTarget, ListenerRules, Rule, StreamTarget
from tests.local.function_folder import function_folder

ECHO = """
    import base64, json, os

    def handler(event, context):
        if event["path"] == "/crash":
            os._exit(1)
        if event["path"] == "/nonsense":
            return "nonsense"
        return {
            "statusCode": 201,
            "multiValueHeaders": {"content-type": ["application/json"], "set-cookie": ["a=1", "b=2"]},
            "body": json.dumps(event),
        }
"""

RULES = ListenerRules(
    rules=(
        Rule(priority=1, target=StreamTarget(), paths=("/media/*",)),
        Rule(
            priority=2,
            target=FunctionTarget(function="Echo", multi_value_headers=True),
            methods=("GET", "POST", "HEAD"),
        ),
    ),
    default=FixedResponse(status=404, content_type="text/plain", body="nothing here"),
)


async def echo_socket(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


def refuse_without_token(connection: ServerConnection, request: object) -> object:
    if request.path != "/media/token":  # type: ignore[attr-defined]
        return connection.respond(401, "no\n")
    return None


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[int]:
    function = LambdaFunction(
        function_folder(tmp_path / "echo", ECHO), shared_folder=tmp_path, log=tmp_path / "echo.log"
    )
    function.start()
    port = ports.free_port()
    async with serve(echo_socket, ports.HOST, 0, process_request=refuse_without_token) as stream:
        address = StreamAddress(ports=(stream.sockets[0].getsockname()[1],), idle_timeout_seconds=5)
        front_door = FrontDoor(RULES, {"Echo": function}, address, port=port)
        await front_door.start()
        yield port
        await front_door.close()
    await function.close(grace_seconds=0.1)


@pytest.fixture
async def client(port: int) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20) as client:
        yield client


async def test_function_answers_a_request(client: httpx.AsyncClient) -> None:
    answer = await client.post("/orders?x=a%20b", json={"order": 1})

    assert answer.status_code == 201
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    event = answer.json()
    assert (event["httpMethod"], event["path"], event["body"]) == ("POST", "/orders", '{"order":1}')
    assert event["multiValueQueryStringParameters"] == {"x": ["a%20b"]}


async def test_address_of_the_peer_stands_on_the_right_of_what_the_client_claims(client: httpx.AsyncClient) -> None:
    event = (await client.get("/", headers={"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "https"})).json()

    assert event["multiValueHeaders"]["x-forwarded-for"] == ["10.0.0.1, 127.0.0.1"]
    assert event["multiValueHeaders"]["x-forwarded-proto"] == ["http"]


async def test_request_without_a_trace_gets_one(client: httpx.AsyncClient) -> None:
    event = (await client.get("/")).json()

    assert event["multiValueHeaders"]["x-amzn-trace-id"][0].startswith("Root=1-")


async def test_connection_serves_many_requests(client: httpx.AsyncClient) -> None:
    statuses = [(await client.get("/")).status_code for _ in range(5)]

    assert statuses == [201] * 5


async def test_head_has_the_headers_and_no_body(client: httpx.AsyncClient) -> None:
    answer = await client.head("/")

    assert (answer.status_code, answer.content) == (201, b"")
    assert int(answer.headers["content-length"]) > 0


async def test_default_answer_is_given_where_no_rule_applies(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/")

    assert (answer.status_code, answer.text) == (404, "nothing here")


async def test_body_of_a_megabyte_passes_and_a_longer_one_is_refused(client: httpx.AsyncClient) -> None:
    accepted = await client.post("/", content=b"x" * 300_000, headers={"content-type": "text/plain"})
    refused = await client.post("/", content=b"x" * 1_048_577)

    assert accepted.status_code == 201
    assert refused.status_code == 413
    assert refused.json()["error"]["code"] == "too_large"


@pytest.mark.parametrize("path", ["/crash", "/nonsense"])
async def test_function_without_a_usable_answer_is_a_bad_gateway(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)

    assert answer.status_code == 502
    envelope = answer.json()
    assert envelope["error"].pop("request_id")
    assert envelope == {
        "status": "error",
        "data": None,
        "error": {"code": "bad_gateway", "message": "The function gave no usable answer.", "details": None},
    }
    assert (await client.get("/")).status_code == 201


async def test_nonsense_instead_of_http_is_refused(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"\x16\x03\x01 hello\r\n\r\n")

    assert (await reader.readline()).startswith(b"HTTP/1.1 400")
    writer.close()
    await writer.wait_closed()


async def test_socket_reaches_the_stream_service_and_carries_bytes_both_ways(port: int) -> None:
    async with websockets.connect(f"ws://127.0.0.1:{port}/media/token", proxy=None) as connection:
        await connection.send("x" * 100_000)
        await connection.send(b"\x00\xff")

        assert [await connection.recv(), await connection.recv()] == ["x" * 100_000, b"\x00\xff"]


async def test_refused_socket_tells_why(port: int) -> None:
    with pytest.raises(websockets.InvalidStatus) as refusal:
        await websockets.connect(f"ws://127.0.0.1:{port}/media/other", proxy=None)

    assert refusal.value.response.status_code == 401


async def test_end_of_the_client_reaches_the_service_and_frees_the_connection(port: int) -> None:
    connection = await websockets.connect(f"ws://127.0.0.1:{port}/media/token", proxy=None)
    await connection.close()

    assert connection.close_code == 1000


async def test_missing_stream_service_is_unavailable(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = StreamAddress(ports=(unused.getsockname()[1],), idle_timeout_seconds=5)
        front_door = FrontDoor(RULES, {}, address, port=(port := ports.free_port()))
        await front_door.start()
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"http://127.0.0.1:{port}/media/token")
        await front_door.close()

    assert answer.status_code == 503
    assert json.loads(answer.content)["error"]["code"] == "service_unavailable"


async def test_a_task_that_refuses_is_passed_over_at_the_next_attempt(tmp_path: Path) -> None:
    def refuse(connection: ServerConnection, _request: object) -> object:
        return connection.respond(503, "draining\n")

    async with (
        serve(echo_socket, ports.HOST, 0, process_request=refuse) as draining,  # type: ignore[arg-type]
        serve(echo_socket, ports.HOST, 0) as other,
    ):
        both = tuple(int(server.sockets[0].getsockname()[1]) for server in (draining, other))
        address = StreamAddress(ports=both, idle_timeout_seconds=5)
        front_door = FrontDoor(RULES, {}, address, port=(port := ports.free_port()))
        await front_door.start()

        with pytest.raises(websockets.InvalidStatus) as refusal:
            await websockets.connect(f"ws://127.0.0.1:{port}/media/token", proxy=None)
        async with websockets.connect(f"ws://127.0.0.1:{port}/media/token", proxy=None) as connection:
            await connection.send("hello")
            assert await connection.recv() == "hello"
        await front_door.close()

    assert refusal.value.response.status_code == 503
