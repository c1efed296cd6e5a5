"""What AWS measures and nobody does here, as far as something else measured the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import botocore.exceptions

from local.alarms.metric import Metric, Samples
from local.aws_resources import aws_client
from shared.observability import NAMESPACE

_BALANCER = {"LoadBalancer": "LoadBalancer.LoadBalancerFullName"}
# The functions and the service count and time each request themselves.
_OF_THE_BALANCER: dict[str, tuple[str, Callable[[float], float]]] = {
    "requests": ("RequestCount", float),
    "request_errors": ("HTTPCode_Target_5XX_Count", float),
    "request_ms": ("TargetResponseTime", lambda elapsed_ms: elapsed_ms / 1000),
}
_QUEUES = {"queue_url": "MessageQueue.QueueName", "dead_letter_queue_url": "MessageDeadLetterQueue.QueueName"}


def stand_in_for_balancer(samples: Samples) -> None:
    """Requests as the load balancer would have counted them, from what those behind it counted."""
    for metric in samples.metrics:
        if metric.namespace == NAMESPACE and metric.name in _OF_THE_BALANCER and _is_of_one_service(metric):
            name, convert = _OF_THE_BALANCER[metric.name]
            for at_seconds, value in samples.of(metric):
                samples.add(Metric.of("AWS/ApplicationELB", name, _BALANCER), at_seconds, convert(value))


def _is_of_one_service(metric: Metric) -> bool:
    return {name for name, _ in metric.dimensions} == {"service"}


def look_at_queues(stack: Mapping[str, str], samples: Samples, *, at: float) -> None:
    """How many messages lie in the queues now; nothing when the emulator does not answer."""
    try:
        queues = aws_client("sqs", stack["aws_endpoint_url"])
        for url, queue in _QUEUES.items():
            found = queues.get_queue_attributes(QueueUrl=stack[url], AttributeNames=["ApproximateNumberOfMessages"])
            waiting = float(found["Attributes"]["ApproximateNumberOfMessages"])
            metric = Metric.of("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": queue})
            samples.add(metric, at, waiting)
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
        return
