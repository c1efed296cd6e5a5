"""What could be saved: the daily search for idle resources and reservations, and what an admin is told of both."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from shared.settings import SettingsInvalid
from shared.wiring.environment import now, settings

if TYPE_CHECKING:
    from shared.ports.idle import RecommendationStore
    from shared.ports.reservations import ReservationSource
    from shared.use_cases.recommend_savings import RecommendSavings
    from shared.use_cases.report_idle_resources import ReportIdleResources


def report_idle_resources() -> ReportIdleResources:
    """The daily search.

    Raises:
        SettingsInvalid: the stack, its region, its bucket or the topic of its alarms is not named.
    """
    from shared.adapters.aws.idle_notes import SnsNotifier
    from shared.adapters.aws.inventory import AwsResourceInventory
    from shared.adapters.aws.inventory.inventory import SERVICES
    from shared.use_cases.report_idle_resources import ReportIdleResources
    from shared.wiring import stores

    known = settings()
    stack, region, topic, bucket = known.stack_name, known.aws_region, known.alarm_topic_arn, known.bucket
    if stack is None or region is None or topic is None or bucket is None:
        raise SettingsInvalid("Set STACK_NAME, AWS_REGION, ALARM_TOPIC_ARN and BUCKET.")
    clients = {name: stores.aws_client(name) for name in SERVICES}
    return ReportIdleResources(
        AwsResourceInventory(stack, region, bucket, lambda service: clients[service]()),
        reservation_source(),
        recommendations(),
        SnsNotifier(topic, stores.aws_client("sns")),
        now,
        stack=stack,
        region=region,
    )


def recommend_savings() -> RecommendSavings:
    """What an admin is shown.

    Raises:
        SettingsInvalid: the bucket or the region is not named.
    """
    from shared.use_cases.recommend_savings import RecommendSavings

    return RecommendSavings(reservation_source(), recommendations(), now)


def recommendations() -> RecommendationStore:
    """What was recommended.

    Raises:
        SettingsInvalid: the bucket is not named.
    """
    from shared.adapters.aws.idle_notes import S3RecommendationStore
    from shared.wiring import stores

    bucket = settings().bucket
    if bucket is None:
        raise SettingsInvalid("Set BUCKET.")
    return S3RecommendationStore(bucket, stores.aws_client("s3"))


@lru_cache(maxsize=1)
def reservation_source() -> ReservationSource:
    """The cloud provider's accounts of what is reserved.

    Raises:
        SettingsInvalid: the region is not named.
    """
    from shared.adapters.aws.client import AwsClient
    from shared.adapters.aws.kept_answers import REGION
    from shared.adapters.aws.reservations import AwsReservations
    from shared.wiring import stores

    region = settings().aws_region
    if region is None:
        raise SettingsInvalid("Set AWS_REGION.")
    clients = {
        "ce": AwsClient("ce", region=REGION),
        **{name: stores.aws_client(name) for name in ("rds", "elasticache")},
    }
    return AwsReservations(region, lambda service: clients[service]())
