"""Clients of AWS services: made when first needed, with a time limit and few retries."""

from __future__ import annotations

import threading
from typing import Any


class AwsClient:
    """Calling it gives the service's client, the same one each time; boto3 clients may be shared among threads."""

    def __init__(
        self,
        service: str,
        *,
        region: str | None = None,
        endpoint_url: str | None = None,
        connect_timeout_seconds: float = 2.0,
        read_timeout_seconds: float = 5.0,
        attempts: int = 3,
        connections: int = 10,
    ) -> None:
        self._service = service
        self._options = {"region_name": region, "endpoint_url": endpoint_url}
        self._limits = {
            "connect_timeout": connect_timeout_seconds,
            "read_timeout": read_timeout_seconds,
            "retries": {"total_max_attempts": attempts, "mode": "standard"},
            "max_pool_connections": connections,
            "tcp_keepalive": True,
        }
        self._lock = threading.Lock()
        self._made: Any = None

    # boto3 makes its clients at run time, so there is no class to name.
    def __call__(self) -> Any:  # noqa: ANN401
        """The client."""
        with self._lock:
            if self._made is None:
                # Imported here: half a second of every cold start that does not need it.
                import boto3  # noqa: PLC0415
                from botocore.config import Config  # noqa: PLC0415

                self._made = boto3.client(self._service, config=Config(**self._limits), **self._options)
            return self._made
