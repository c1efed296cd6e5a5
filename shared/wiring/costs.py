"""What the platform costs: the daily report, and what an admin is told."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from shared.settings import SettingsInvalid
from shared.wiring.environment import now, settings

if TYPE_CHECKING:
    from shared.domain.cost_per_unit import PriceList
    from shared.ports.billing import CostSource, MessageTally, UsageTally
    from shared.use_cases.answer_costs import AnswerCosts
    from shared.use_cases.report_costs import ReportCosts


@lru_cache(maxsize=1)
def cost_source() -> CostSource:
    """The cloud provider's accounts."""
    from shared.adapters.aws.client import AwsClient
    from shared.adapters.aws.cost_explorer import CostExplorer
    from shared.adapters.aws.kept_answers import REGION

    return CostExplorer(AwsClient("ce", region=REGION))


def message_tally() -> MessageTally:
    """The messages that left, month by month."""
    from shared.adapters.postgres.message_tally import PostgresMessageTally
    from shared.wiring import stores

    return PostgresMessageTally(stores.database())


def usage_tally() -> UsageTally:
    """What providers charge by the unit, in our own rows."""
    from shared.adapters.postgres.usage_tally import PostgresUsageTally
    from shared.wiring import stores

    return PostgresUsageTally(stores.database())


def report_costs() -> ReportCosts:
    """The daily report of costs.

    Raises:
        SettingsInvalid: the bucket is not named.
    """
    from shared.adapters.aws.cost_notes import S3AnomalyMemory
    from shared.adapters.aws.idle_notes import SnsNotifier
    from shared.use_cases.report_costs import ReportCosts
    from shared.wiring import stores

    known = settings()
    if known.bucket is None:
        raise SettingsInvalid("Set BUCKET.")
    topic = known.alarm_topic_arn
    return ReportCosts(
        cost_source(),
        message_tally(),
        usage_tally(),
        S3AnomalyMemory(known.bucket, stores.aws_client("s3")),
        SnsNotifier(topic, stores.aws_client("sns")) if topic else None,
        now,
        price_list(),
    )


def price_list() -> PriceList:
    """The list prices, and the operators' own before them; a fallback engine is priced as the first choice."""
    from shared.domain.cost_per_unit import PriceList
    from shared.domain.provider_prices import LOCAL_SPEECH, SPEECH_IN, SPEECH_OUT, with_overrides

    known = settings()
    return PriceList(
        prices=with_overrides(known.unit_prices),
        speech_in=SPEECH_IN if known.speech_to_text == "transcribe" else LOCAL_SPEECH,
        speech_out=SPEECH_OUT if known.text_to_speech == "polly" else LOCAL_SPEECH,
    )


def answer_costs() -> AnswerCosts:
    """Costs for admins."""
    from shared.use_cases.answer_costs import AnswerCosts
    from shared.wiring.api import limit_requests, token_verifier
    from shared.wiring.savings import recommend_savings

    return AnswerCosts(
        token_verifier(),
        limit_requests(),
        cost_source(),
        message_tally(),
        usage_tally(),
        recommend_savings(),
        now,
        price_list(),
    )
