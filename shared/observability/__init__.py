"""What every process tells about itself: JSON logs without secrets, and metrics in CloudWatch's embedded format."""

from shared.observability.embedded_metrics import NAMESPACE, count, flush_metrics, measure, metrics, timed
from shared.observability.logs import bind, catch_all, configure, logger, tell_left_out, unbind, write_in_background
from shared.observability.redaction import hide, holds_secret, user_hash
from shared.observability.requests import record_request
from shared.observability.turns import record_turn, record_unanswered

__all__ = [
    "NAMESPACE",
    "bind",
    "catch_all",
    "configure",
    "count",
    "flush_metrics",
    "hide",
    "holds_secret",
    "logger",
    "measure",
    "metrics",
    "record_request",
    "record_turn",
    "record_unanswered",
    "tell_left_out",
    "timed",
    "unbind",
    "user_hash",
    "write_in_background",
]
