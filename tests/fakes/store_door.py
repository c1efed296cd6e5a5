"""A door in front of a real store: speaks TLS with a certificate of the test's choice, or refuses to."""

from __future__ import annotations

import selectors
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from local import ports

# Source: PostgreSQL documentation, "Message Formats": SSLRequest.
SSL_REQUEST = bytes.fromhex("0000000804d2162f")
TIMEOUT_SECONDS = 10


@dataclass
class Door:
    """What came in.

    Attributes:
        handshakes: TLS connections that both sides agreed to.
        in_clear: everything else than a request for TLS that came unencrypted.
    """

    port: int = 0
    handshakes: int = 0
    in_clear: bytes = b""


@contextmanager
def postgres_door(behind: int, tls: ssl.SSLContext | None) -> Iterator[Door]:
    """In front of the server at port `behind`; without `tls` it says no when a client asks for TLS."""
    door = Door()

    def serve(client: socket.socket) -> None:
        first = client.recv(len(SSL_REQUEST))
        if first != SSL_REQUEST:
            door.in_clear += first
        elif tls is None:
            client.sendall(b"N")
            door.in_clear += client.recv(1000)
        else:
            client.sendall(b"S")
            with tls.wrap_socket(client, server_side=True) as encrypted:
                door.handshakes += 1
                with socket.create_connection((ports.HOST, behind), TIMEOUT_SECONDS) as server:
                    server.sendall(SSL_REQUEST)
                    assert server.recv(1) == b"S"
                    with _trusting().wrap_socket(server) as known:
                        _join(encrypted, known)

    with _served(door, serve):
        yield door


def certificate_of_postgres(port: int) -> str:
    """What the server itself shows, as PEM."""
    with socket.create_connection((ports.HOST, port), TIMEOUT_SECONDS) as server:
        server.sendall(SSL_REQUEST)
        assert server.recv(1) == b"S"
        with _trusting().wrap_socket(server) as known:
            shown = known.getpeercert(binary_form=True)
    assert shown is not None
    return ssl.DER_cert_to_PEM_cert(shown)


@contextmanager
def cache_door(behind: int, tls: ssl.SSLContext | None) -> Iterator[Door]:
    """In front of the node at port `behind`; without `tls` it speaks in clear only."""
    door = Door()

    def serve(client: socket.socket) -> None:
        if tls is None:
            door.in_clear += client.recv(1000)
            client.sendall(b"-ERR no TLS here\r\n")
            return
        with tls.wrap_socket(client, server_side=True) as encrypted:
            door.handshakes += 1
            with socket.create_connection((ports.HOST, behind), TIMEOUT_SECONDS) as server:
                _join(encrypted, server)

    with _served(door, serve):
        yield door


@contextmanager
def _served(door: Door, serve: Callable[[socket.socket], None]) -> Iterator[None]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.settimeout(TIMEOUT_SECONDS)
            with suppress(OSError):  # Also when the client does not like the certificate.
                serve(self.request)

    with socketserver.ThreadingTCPServer((ports.HOST, 0), Handler) as server:
        door.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield
        server.shutdown()


def _join(one: socket.socket, other: socket.socket) -> None:
    """Carry what each says to the other until one of them leaves."""
    with selectors.DefaultSelector() as selector:
        for source, sink in ((one, other), (other, one)):
            source.settimeout(TIMEOUT_SECONDS)
            selector.register(source, selectors.EVENT_READ, sink)
        while True:
            for key, _ in selector.select(TIMEOUT_SECONDS):
                assert isinstance(key.fileobj, socket.socket)
                # A record of TLS holds at most so much, so that nothing is left behind unnoticed.
                piece = key.fileobj.recv(65_536)
                if not piece:
                    return
                key.data.sendall(piece)


def _trusting() -> ssl.SSLContext:
    """The door trusts the server that it stands before."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
