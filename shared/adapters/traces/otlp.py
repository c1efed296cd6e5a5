"""Traces to an OpenTelemetry collector, or to any service that speaks its protocol, by HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import httpx

from shared.adapters.traces.otlp_json import encode
from shared.domain.span import FinishedSpan

TIMEOUT_SECONDS = 5.0


class OTLPSink:
    """Implements `SpanSink`."""

    def __init__(self, endpoint: str, *, headers: str = "", transport: httpx.BaseTransport | None = None) -> None:
        """`endpoint` is without `/v1/traces`; `headers` are as in `name=value,name=value`."""
        self._url = f"{endpoint.rstrip('/')}/v1/traces"
        self._headers = {"content-type": "application/json", **_read(headers)}
        self._transport = transport

    @cached_property
    def _client(self) -> httpx.Client:
        return httpx.Client(timeout=TIMEOUT_SECONDS, transport=self._transport, trust_env=False)

    def write(self, service: str, spans: Sequence[FinishedSpan]) -> int:
        """See `SpanSink.write`.

        Raises:
            httpx.HTTPError: nobody answered, or with a refusal.
        """
        self._client.post(self._url, content=encode(service, spans), headers=self._headers).raise_for_status()
        return 0


def _read(headers: str) -> Mapping[str, str]:
    """Source: OpenTelemetry, "OTLP Exporter Configuration", OTEL_EXPORTER_OTLP_HEADERS."""
    pairs = (pair.partition("=") for pair in headers.split(",") if "=" in pair)
    return {name.strip(): value.strip() for name, _, value in pairs}
