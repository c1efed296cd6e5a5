"""The load balancer of the local platform: by the template's listener rules to a function or to the stream service.

Source: Elastic Load Balancing, "Application Load Balancers"; RFC 9112.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import h11

from local import ports
from local.alb_event import BODY_LIMIT_BYTES, Answer, BadAnswerError, build_event, read_answer
from local.lambda_pool import InvocationFailedError, LambdaFunction
from local.listener_rules import FixedResponse, FunctionTarget, ListenerRules
from local.splice import SWITCHING_PROTOCOLS, forward, splice
from local.stream_tasks import StreamTasks, TaskConnection

IDLE_TIMEOUT_SECONDS = 60.0
"""Between two requests of a connection, and between two bytes of a request."""

MAX_HEAD_BYTES = 64 * 1024
READ_BYTES = 64 * 1024
SERVICE_UNAVAILABLE = 503

logger = logging.getLogger(__name__)


class RequestRefusedError(Exception):
    """The load balancer answers by itself, with this status."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.answer = error_answer(status, code, message)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamAddress:
    """Where the tasks of the stream service listen, and after how many silent seconds their sockets are cut."""

    ports: tuple[int, ...]
    idle_timeout_seconds: float


class FrontDoor:
    """Serves connections until it is closed."""

    def __init__(
        self, rules: ListenerRules, functions: Mapping[str, LambdaFunction], stream: StreamAddress, *, port: int
    ) -> None:
        """`functions` are found by logical id."""
        self._rules = rules
        self._functions = functions
        self._stream = stream
        self._port = port
        self._stream_tasks = StreamTasks(stream.ports)
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        self._server = await asyncio.start_server(self._accept, ports.HOST, self._port, backlog=512)

    async def close(self) -> None:
        """Take no more connections and cut the open ones."""
        if self._server:
            self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        try:
            await self._serve(Connection(reader, writer))
        except (ConnectionError, TimeoutError, asyncio.CancelledError, h11.LocalProtocolError):
            pass  # The client left, or we do.
        finally:
            writer.close()

    async def _serve(self, client: Connection) -> None:
        while True:
            try:
                request = await client.next_request()
                if request is None:
                    return
                is_handed_over = await self._answer(client, request)
            except RequestRefusedError as refusal:
                await client.send(refusal.answer, close=True)
                return
            if is_handed_over or not client.can_go_on():
                return

    async def _answer(self, client: Connection, request: h11.Request) -> bool:
        """Answer one request; returns whether the connection now belongs to a socket."""
        method, target = request.method.decode("ascii"), request.target.decode("ascii")
        headers = _with_forwarded_headers(request, client.peer, self._port)
        host = dict(headers).get("host", "").rsplit(":", 1)[0]
        chosen = self._rules.target_of(method=method, path=target.partition("?")[0], host=host)
        if isinstance(chosen, FixedResponse):
            await client.read_body(BODY_LIMIT_BYTES)
            answer = Answer(
                status=chosen.status, headers=[("content-type", chosen.content_type)], body=chosen.body.encode()
            )
        elif isinstance(chosen, FunctionTarget):
            body = await client.read_body(BODY_LIMIT_BYTES)
            answer = await self._invoke(chosen, method, target, headers, body)
        else:
            return await self._to_stream_service(client, method, target, headers)
        await client.send(answer)
        return False

    async def _invoke(
        self, chosen: FunctionTarget, method: str, target: str, headers: Sequence[tuple[str, str]], body: bytes
    ) -> Answer:
        function = self._functions.get(chosen.function)
        if function is None:
            return error_answer(503, "service_unavailable", "This function does not exist here.")
        event = build_event(
            method=method,
            target=target,
            headers=headers,
            body=body,
            function=chosen.function,
            multi_value=chosen.multi_value_headers,
        )
        try:
            result = await function.invoke(event, trace_id=dict(headers)["x-amzn-trace-id"])
            return read_answer(result, multi_value=chosen.multi_value_headers)
        except (InvocationFailedError, BadAnswerError) as error:
            logger.warning("502 for %s %s: %s", method, target.partition("?")[0], error)
            return error_answer(502, "bad_gateway", "The function gave no usable answer.")

    async def _to_stream_service(
        self, client: Connection, method: str, target: str, headers: Sequence[tuple[str, str]]
    ) -> bool:
        async with self._stream_tasks.connection() as task:
            if task is None:
                await client.read_body(BODY_LIMIT_BYTES)
                await client.send(error_answer(503, "service_unavailable", "The stream service has no healthy task."))
                return False
            try:
                if dict(headers).get("upgrade"):
                    return await self._upgrade(client, task, method, target, headers)
                body = await client.read_body(BODY_LIMIT_BYTES)
                answer = await forward(
                    task.reader, task.writer, method=method, target=target, headers=headers, body=body
                )
                await client.send(answer)
            except (h11.RemoteProtocolError, ConnectionError, TimeoutError):
                await client.send(error_answer(502, "bad_gateway", "The stream service broke off."), close=True)
        return False

    async def _upgrade(
        self,
        client: Connection,
        task: TaskConnection,
        method: str,
        target: str,
        headers: Sequence[tuple[str, str]],
    ) -> bool:
        """Ask for a socket; if the service agrees, join the two connections byte by byte until one side ends."""
        await client.read_body(0)
        answer = await forward(task.reader, task.writer, method=method, target=target, headers=headers, body=b"")
        if answer.status != SWITCHING_PROTOCOLS:
            if answer.status == SERVICE_UNAVAILABLE:
                self._stream_tasks.avoid(task)
            await client.send(answer)
            return False
        client.start_socket(answer)
        await splice(
            (client.reader, task.writer),
            (task.reader, client.writer),
            first_bytes=(client.trailing_data(), answer.body),
            idle_timeout_seconds=self._stream.idle_timeout_seconds,
        )
        return True


class Connection:
    """One client's connection, as HTTP messages."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.peer: str = writer.get_extra_info("peername")[0]
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
        self._method = b""

    async def next_request(self) -> h11.Request | None:
        """The next request's head; None when the client is done.

        Raises:
            RequestRefusedError: not HTTP.
        """
        event = await self._next_event()
        if isinstance(event, h11.Request):
            self._method = event.method
            return event
        return None

    async def read_body(self, limit_bytes: int) -> bytes:
        """The body of the request at hand.

        Raises:
            RequestRefusedError: larger than the limit.
        """
        if self._http.they_are_waiting_for_100_continue:
            self._write(h11.InformationalResponse(status_code=100, headers=[]))
        body = bytearray()
        while not isinstance(event := await self._next_event(), h11.EndOfMessage):
            if not isinstance(event, h11.Data):
                raise ConnectionResetError
            body += event.data
            if len(body) > limit_bytes:
                raise RequestRefusedError(413, "too_large", "A request body may have at most 1 MB.")
        return bytes(body)

    async def send(self, answer: Answer, *, close: bool = False) -> None:
        """Send a whole response."""
        headers = [*answer.headers, ("date", _http_date())]
        has_body = answer.status not in {204, 304}
        if has_body:
            headers.append(("content-length", str(len(answer.body))))
        if close:
            headers.append(("connection", "close"))
        self._write(h11.Response(status_code=answer.status, headers=headers))
        if has_body and self._method != b"HEAD":
            self._write(h11.Data(data=answer.body))
        self._write(h11.EndOfMessage())
        await self.writer.drain()

    def start_socket(self, answer: Answer) -> None:
        """Tell the client that its connection is a socket from here on."""
        self._write(h11.InformationalResponse(status_code=SWITCHING_PROTOCOLS, headers=list(answer.headers)))

    def trailing_data(self) -> bytes:
        """What the client sent behind its request for a socket."""
        return self._http.trailing_data[0]

    def can_go_on(self) -> bool:
        """Make ready for another request on the same connection, if both sides want one."""
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        return True

    async def _next_event(self) -> object:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                status = error.error_status_hint
                raise RequestRefusedError(status, "invalid_request", "The request is not valid HTTP.") from error
            if event is not h11.NEED_DATA:
                return event
            async with asyncio.timeout(IDLE_TIMEOUT_SECONDS):
                self._http.receive_data(await self.reader.read(READ_BYTES))

    def _write(self, event: h11.Event) -> None:
        self.writer.write(self._http.send(event) or b"")


def error_answer(status: int, code: str, message: str) -> Answer:
    """An answer of the front door itself in the platform's envelope; a real load balancer would send HTML."""
    request_id = _new_trace_id().removeprefix("Root=")
    error = {"code": code, "message": message, "details": None, "request_id": request_id}
    body = json.dumps({"status": "error", "data": None, "error": error}).encode()
    return Answer(status=status, headers=[("content-type", "application/json")], body=body)


def _with_forwarded_headers(request: h11.Request, peer: str, port: int) -> list[tuple[str, str]]:
    """The headers as a target sees them: the peer's address is appended on the right, where nobody can forge it."""
    headers = [(name.decode("ascii"), value.decode("latin-1")) for name, value in request.headers]
    known = dict(headers)
    forwarded = {
        "x-forwarded-for": ", ".join(filter(None, [known.get("x-forwarded-for"), peer])),
        "x-forwarded-proto": "http",
        "x-forwarded-port": str(port),
        "x-amzn-trace-id": known.get("x-amzn-trace-id") or _new_trace_id(),
    }
    return [pair for pair in headers if pair[0] not in forwarded] + list(forwarded.items())


def _new_trace_id() -> str:
    return f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}"


def _http_date() -> str:
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
