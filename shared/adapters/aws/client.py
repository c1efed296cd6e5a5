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
        read_timeout_seconds: float = 5.0,
    ) -> None:
        self._service = service
        self._region = region
        self._endpoint_url = endpoint_url
        self._read_timeout_seconds = read_timeout_seconds
        self._lock = threading.Lock()
        self._made: Any = None

    # boto3 makes its clients at run time, so there is no class to name.
    def __call__(self) -> Any:
        """The client."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    def _make(self) -> Any:
        # Imported here: half a second of every cold start that does not need it.
        import boto3
        from botocore.config import Config

        limits = Config(
            connect_timeout=2.0,
            read_timeout=self._read_timeout_seconds,
            retries={"total_max_attempts": 3, "mode": "standard"},
            tcp_keepalive=True,
            # Links of S3 name the region's own host and carry signatures of the fourth kind: the old ones, still usual
            # in some regions, open nothing that is encrypted with a key of ours, and the global host redirects.
            signature_version="s3v4" if self._service == "s3" else None,
            s3={"addressing_style": "virtual"},
        )
        session: Any = boto3.session.Session()
        return session.client(self._service, region_name=self._region, endpoint_url=self._endpoint_url, config=limits)
