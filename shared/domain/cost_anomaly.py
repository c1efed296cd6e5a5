"""Days on which a service costs far more than it usually does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from shared.domain.cost import SETTLED_AFTER, DailyCost, first_of_month
from shared.domain.cost_pattern import Series, last_days, series_by_service, usual

LOOKED_BACK_DAYS = 7
"""So long a day is looked at again, because the accounts are corrected."""
BASELINE_DAYS = 28
FEWEST_BASELINE_DAYS = 14
# These charge once a month or a year, or settle what others cost; a day of theirs tells nothing.
_CHARGED_AT_ONCE = ("Tax", "Refund", "AWS Support", "Amazon Registrar", "Amazon Route 53", "AWS Marketplace")
# A fee comes on about the same day, and is about the same.
_SAME_FEE = Decimal("0.66")
_ONE_DAY = timedelta(days=1)
_WHERE_TO_LOOK = (
    (
        "Amazon Transcribe",
        "Minutes of calls: are calls longer or more, and do calls end? See /api/v1/calls and active_calls.",
    ),
    ("Amazon Polly", "Characters that are spoken: long replies, or many calls. See /api/v1/calls."),
    (
        "Amazon Bedrock",
        "Tokens by agent (metrics tokens_in, tokens_out, cost_microusd): a long prompt, a loop of tools, an attack.",
    ),
    (
        "EC2 - Other",
        "NAT gateways, traffic between zones, addresses and volumes: metric BytesOutToDestination of the gateways.",
    ),
    (
        "AmazonCloudWatch",
        "Log bytes by log group and the number of metrics: a log level left at DEBUG, a new dimension.",
    ),
    (
        "Amazon Relational Database Service",
        "A larger class, more storage, a copy left from a restore, or a reservation that was bought.",
    ),
    ("Amazon ElastiCache", "More or larger nodes, or a reservation that was bought."),
    (
        "Amazon Elastic Container Service",
        "Tasks that scale out and not in again: running tasks of the service and of the jobs.",
    ),
    ("AWS Lambda", "Invocations and durations by function: a retry loop, a queue that never empties."),
    (
        "Amazon Simple Storage Service",
        "Bytes and requests of the bucket: recordings, exports, an expiry that does not act.",
    ),
    ("Amazon Elastic Load Balancing", "Load balancer capacity units: much traffic or many new connections."),
    ("AWS WAF", "Requests: a flood that the firewall counts, and refuses."),
)
_ELSEWHERE = "Cost Explorer by usage type and by resource for these days."


@dataclass(frozen=True, slots=True, kw_only=True)
class CostAnomaly:
    """Consecutive days on which a service stood out.

    Attributes:
        amount: what these days cost together.
        usual_per_day: the median of the four weeks before.
        told: whether the people who run the platform were told.
    """

    service: str
    first_day: date
    last_day: date
    amount: Decimal
    usual_per_day: Decimal
    currency: str
    told: bool = False

    @property
    def excess(self) -> Decimal:
        """How much more it was than usual."""
        return self.amount - self.usual_per_day * ((self.last_day - self.first_day).days + 1)

    @property
    def where_to_look(self) -> str:
        """What such a service is usually dear for."""
        return next((hint for name, hint in _WHERE_TO_LOOK if self.service.startswith(name)), _ELSEWHERE)


def find_anomalies(days: Sequence[DailyCost], today: date) -> tuple[CostAnomaly, ...]:
    """What stood out within the last settled week, the most expensive surprise first."""
    settled_until = today - SETTLED_AFTER + _ONE_DAY
    settled = [entry for entry in days if entry.day < settled_until]
    currency = settled[-1].currency if settled else "USD"
    found = [
        anomaly
        for service, series in series_by_service(settled).items()
        if not service.startswith(_CHARGED_AT_ONCE)
        for anomaly in _joined(_standing_out(service, series, settled_until, currency))
    ]
    return tuple(sorted(found, key=lambda anomaly: (-anomaly.excess, anomaly.service, anomaly.first_day)))


def with_memory(found: Iterable[CostAnomaly], known: Iterable[CostAnomaly]) -> tuple[CostAnomaly, ...]:
    """What was found, marked as told where it was told before: one that goes on is the same one."""
    remembered = list(known)
    return tuple(_continued(anomaly, remembered) for anomaly in found)


def _continued(anomaly: CostAnomaly, remembered: Sequence[CostAnomaly]) -> CostAnomaly:
    for before in remembered:
        touches = before.first_day <= anomaly.last_day and anomaly.first_day <= before.last_day + 2 * _ONE_DAY
        if before.service == anomaly.service and touches:
            return replace(anomaly, told=anomaly.told or before.told)
    return anomaly


def _standing_out(service: str, series: Series, until: date, currency: str) -> Iterator[CostAnomaly]:
    for day, amount in last_days(series, until, LOOKED_BACK_DAYS):
        baseline = [before for _, before in last_days(series, day, BASELINE_DAYS)]
        if len(baseline) < FEWEST_BASELINE_DAYS:
            continue
        around = usual(baseline)
        if not around.exceeded_by(amount) or _is_fee(series, day, amount, around.per_day + around.reach):
            continue
        yield CostAnomaly(
            service=service,
            first_day=day,
            last_day=day,
            amount=amount,
            usual_per_day=around.per_day,
            currency=currency,
        )


def _is_fee(series: Series, day: date, amount: Decimal, most: Decimal) -> bool:
    """Whether the day only holds a charge for the month: it came last month too, or on the first and not after it."""
    last_month = first_of_month(day, months_before=1)
    near = [
        charged
        for before, charged in series.items()
        if first_of_month(before) == last_month and abs(before.day - day.day) <= 1
    ]
    came_before = any(charged >= amount * _SAME_FEE and charged > most for charged in near)
    on_the_first = day.day == 1 and series.get(day + _ONE_DAY, Decimal(0)) <= most
    return came_before or on_the_first


def _joined(anomalies: Iterable[CostAnomaly]) -> list[CostAnomaly]:
    joined: list[CostAnomaly] = []
    for anomaly in anomalies:
        if joined and joined[-1].last_day + _ONE_DAY == anomaly.first_day:
            before = joined[-1]
            joined[-1] = replace(before, last_day=anomaly.last_day, amount=before.amount + anomaly.amount)
        else:
            joined.append(anomaly)
    return joined
