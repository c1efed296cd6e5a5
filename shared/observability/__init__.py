"""What every process tells about itself: JSON logs without secrets, and metrics in CloudWatch's embedded format."""

from shared.observability.embedded_metrics import NAMESPACE, count, flush_metrics, measure, metrics, timed
from shared.observability.logs import bind, configure, logger, unbind
from shared.observability.redaction import hide, holds_secret, user_hash
from shared.observability.turns import record_turn, record_unanswered

__all__ = [
    "NAMESPACE",
    "bind",
    "configure",
    "count",
    "flush_metrics",
    "hide",
    "holds_secret",
    "logger",
    "measure",
    "metrics",
    "record_turn",
    "record_unanswered",
    "timed",
    "unbind",
    "user_hash",
]
