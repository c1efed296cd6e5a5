"""Takes needless work out of moto's queues, which would otherwise hold the whole local platform up.

moto asks for the time by way of two dates for each message that it looks at, and looks at every message of a queue
several times for each one that it sends or receives. With a few hundred waiting, that is most of a core.
"""

from __future__ import annotations

import time
from typing import Any

from moto.sqs import models

# Its module-level names are replaced here, which its types know nothing of.
_models: Any = models


def quicken() -> None:
    """Change moto in this process."""
    _models.unix_time = time.time
    _models.unix_time_millis = _now_ms
    _models.SQSBackend.is_message_valid_based_on_retention_period = _is_retained


def _now_ms() -> float:
    return time.time() * 1000


def _is_retained(backend: Any, queue_name: str, message: Any) -> bool:
    """The same answer as moto's, without collecting all attributes of the queue for it."""
    retention_seconds: float = backend.get_queue(queue_name).message_retention_period
    return bool(retention_seconds + message.sent_timestamp / 1000 > time.time())
