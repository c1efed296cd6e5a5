"""A session with Amazon Transcribe: how long to wait for it, and how to notice or bring about its end."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection

Connect = Callable[[str], Awaitable[ClientConnection]]
"""Opens a new session of the service in a language (BCP 47); raises SpeechUnavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long to wait for what.

    Attributes:
        settle_ms: for words that cover the speech but may still change.
        result_ms: for words that do not cover the speech yet.
        filler_seconds: without audio of the caller before silence is sent; the service hangs up after 15 s.
        send_seconds: for the network to take audio before the session counts as dead.
        reconnects: attempts in a row to replace a lost session; their pauses grow from 0.1 s to 2 s.
        proven_seconds: a session that lived this long was sound; its loss starts a new row of attempts.
        longest_buffer_ms: audio kept for sending and for sending again.
        certain_speech_ms: speech so long that a service which hears it must say something.
    """

    settle_ms: int = 300
    result_ms: int = 1500
    filler_seconds: float = 4.0
    send_seconds: float = 5.0
    reconnects: int = 5
    proven_seconds: float = 10.0
    longest_buffer_ms: int = 30_000
    certain_speech_ms: int = 1000


class SessionEnded(Exception):
    """The service ended the session, with or without an exception message; `reason` is its name."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def fail_when_unacknowledged(connection: ClientConnection, *, seconds: float) -> None:
    """Let the kernel break the connection when the peer acknowledges nothing for so long, where it can (Linux)."""
    raw = connection.transport.get_extra_info("socket")
    if raw is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))


def abort(connection: ClientConnection | None) -> None:
    """Drop a connection, if there is one, without waiting for anything."""
    if connection is not None:
        connection.transport.abort()
