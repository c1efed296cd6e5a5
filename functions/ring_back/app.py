"""Once a minute: rings those whom an agent promised a call, when the time has come."""

from __future__ import annotations

from shared import lambda_runtime, observability, wiring

ring_back = wiring.ring_back()


def handler(_event: lambda_runtime.Event, _context: object) -> None:
    """Ring; what an exception leaves undone is set to again by a later run."""
    lambda_runtime.run(ring_back())
    observability.flush_metrics()
