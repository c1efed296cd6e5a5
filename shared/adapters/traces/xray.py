"""Traces to X-Ray: in Lambda through the daemon that is already there, elsewhere by its API."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from shared.adapters.traces.segments import encode
from shared.domain.span import FinishedSpan

if TYPE_CHECKING:
    from mypy_boto3_xray import XRayClient

_HEADER = b'{"format": "json", "version": 1}\n'
_DOCUMENTS_AT_ONCE = 25


class XRayDaemon:
    """Implements `SpanSink` by datagrams, which wait for nobody. Source: AWS X-Ray, "The X-Ray daemon"."""

    def __init__(self, address: str) -> None:
        """`address` is that of AWS_XRAY_DAEMON_ADDRESS: `host:port`, or `tcp:host:port udp:host:port`."""
        named = {kind: rest for kind, _, rest in (part.partition(":") for part in address.split())}
        host, _, port = (named.get("udp") or address).rpartition(":")
        self._address = (host, int(port))

    def write(self, service: str, spans: Sequence[FinishedSpan]) -> int:
        """See `SpanSink.write`."""
        dropped = 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            for span in spans:
                try:
                    sender.sendto(_HEADER + encode(service, span, is_in_lambda=True).encode(), self._address)
                except OSError:
                    dropped += 1
        return dropped


class XRayService:
    """Implements `SpanSink` by PutTraceSegments."""

    def __init__(self, client: Callable[[], XRayClient]) -> None:
        self._client = client

    def write(self, service: str, spans: Sequence[FinishedSpan]) -> int:
        """See `SpanSink.write`.

        Raises:
            BotoCoreError, ClientError: X-Ray did not answer, or with a refusal.
        """
        dropped = 0
        for first in range(0, len(spans), _DOCUMENTS_AT_ONCE):
            batch = spans[first : first + _DOCUMENTS_AT_ONCE]
            documents = [encode(service, span, is_in_lambda=False) for span in batch]
            answer = self._client().put_trace_segments(TraceSegmentDocuments=documents)
            dropped += len(answer.get("UnprocessedTraceSegments", []))
        return dropped
