"""HTTP without manners: a request is the bytes that are given, and the answer is read as it comes."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import h11
import msgspec

TIMEOUT_SECONDS = 20.0
SECOND_ANSWER_SECONDS = 0.2
LARGEST_ANSWER_BYTES = 4_000_000
Headers = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; several answers to what should be one request are kept in `others`."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    others: tuple[int, ...] = field(default=())

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.body.decode("utf-8", "replace")

    @property
    def everything(self) -> str:
        """Head and body, for whoever looks for what should not be there."""
        return "\n".join(f"{name}: {value}" for name, value in self.headers.items()) + "\n\n" + self.text

    def json(self) -> Any:
        """The body read."""
        return msgspec.json.decode(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a server listens."""

    host: str
    port: int

    @classmethod
    def of(cls, address: str) -> Place:
        """The place of an address."""
        parts = urlsplit(address)
        return cls(host=parts.hostname or "", port=parts.port or 80)

    def ask(self, method: str, target: str, *, headers: Headers = (), body: bytes = b"") -> Answer:
        """Send a request as it stands: nothing is normalised, escaped or left out. Its framing is right."""
        stated = [*headers]
        names = {name.lower() for name, _ in stated}
        if "host" not in names:
            stated.insert(0, ("Host", f"{self.host}:{self.port}"))
        if (body or method not in {"GET", "HEAD"}) and "content-length" not in names:
            stated.append(("Content-Length", str(len(body))))
        if "connection" not in names:
            stated.append(("Connection", "close"))
        head = "".join(f"{name}: {value}\r\n" for name, value in stated)
        return self.send(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body, method=method)

    def send(self, request: bytes, *, method: str = "POST") -> Answer:
        """Send these bytes and read what comes until the other side is done, or silent.

        Raises:
            ConnectionError: the other side closed without an answer.
        """
        with socket.create_connection((self.host, self.port), TIMEOUT_SECONDS) as connection:
            # Who has heard enough closes; what it said before may still be there.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(request)
            received = _receive(connection, method)
        answers = list(_answers(received, method))
        if not answers:
            message = "no answer"
            raise ConnectionError(message)
        first, *others = answers
        return Answer(
            status=first.status, headers=first.headers, body=first.body, others=tuple(each.status for each in others)
        )


def _receive(connection: socket.socket, method: str) -> bytes:
    received = bytearray()
    try:
        while len(received) < LARGEST_ANSWER_BYTES and (piece := connection.recv(65_536)):
            received += piece
            if received.startswith(b"HTTP/1.1 101"):
                break
            if _is_whole(bytes(received), method):
                # Whoever takes one request for two soon says so; others may keep the connection for long.
                connection.settimeout(SECOND_ANSWER_SECONDS)
    except (TimeoutError, ConnectionResetError):
        pass
    return bytes(received)


def _is_whole(received: bytes, method: str) -> bool:
    """Whether there is an answer whose length is known, and all of it."""
    head, end, body = received.partition(b"\r\n\r\n")
    stated = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return bool(end) and (method == "HEAD" or (stated is not None and len(body) >= int(stated[1])))


def _answers(received: bytes, method: str) -> Iterable[Answer]:
    """Every answer in what was received; behind an accepted socket there is no more HTTP."""
    if received.startswith(b"HTTP/1.1 101"):
        yield Answer(status=101, headers={}, body=received)
        return
    while received.startswith(b"HTTP/"):
        reader = h11.Connection(h11.CLIENT)
        # Only whether it was a HEAD matters for how the answer is read.
        reader.send(h11.Request(method="HEAD" if method == "HEAD" else "POST", target="/", headers=[("host", "x")]))
        reader.send(h11.EndOfMessage())
        reader.receive_data(received)
        reader.receive_data(b"")
        head: h11.Response | h11.InformationalResponse | None = None
        body = bytearray()
        while True:
            event = reader.next_event()
            if isinstance(event, h11.Response | h11.InformationalResponse):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
            if not isinstance(event, h11.Response | h11.Data):
                break
        assert head is not None
        headers = {name.decode(): value.decode("latin-1") for name, value in head.headers}
        yield Answer(status=head.status_code, headers=headers, body=bytes(body))
        received = reader.trailing_data[0]
