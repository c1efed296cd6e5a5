"""The cache cluster (Redis or Valkey): what may be lost and must be near."""

from __future__ import annotations

import sys

_METRICS = "opentelemetry.sdk.metrics"

# The client loads OpenTelemetry's metrics wherever they are installed. Nothing here uses them, and every cold start
# would pay for them; a client that finds none goes without.
if _METRICS not in sys.modules:
    sys.modules[_METRICS] = None  # type: ignore[assignment] # Python's own way to say that there is no such module.
    try:
        import redis.asyncio.cluster  # noqa: F401
    finally:
        del sys.modules[_METRICS]
