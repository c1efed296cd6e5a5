"""Resources that are paid for and not used: when they count as idle, what they cost, how to act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

IDLE_FOR = timedelta(hours=24)
# The last hour's measurements may still be on their way.
LATE_FOR = timedelta(hours=1)
HOURS_PER_MONTH = 730


class ResourceKind(StrEnum):
    """What can lie idle."""

    DATABASE = "database"
    NAT_GATEWAY = "nat_gateway"
    CACHE = "cache"
    TARGET_GROUP = "target_group"
    ADDRESS = "address"
    VOLUME = "volume"
    LOG_GROUP = "log_group"
    SPOT_TASK = "spot_task"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """An assumption, in US dollars: list prices of Mumbai without tax, to be checked before anybody acts on them."""

    amount: Decimal
    per: str
    month: int = 1


_HOURLY = {
    "nat_gateway": "0.056",
    "address": "0.005",
    "db.t4g.micro": "0.023",
    "db.t4g.small": "0.046",
    "db.t4g.medium": "0.092",
    "db.t4g.large": "0.184",
    "cache.t4g.micro": "0.020",
    "cache.t4g.small": "0.040",
    "cache.t4g.medium": "0.080",
}
PRICES: Mapping[str, Price] = {
    **{unit: Price(amount=Decimal(hour), per="hour", month=HOURS_PER_MONTH) for unit, hour in _HOURLY.items()},
    "volume": Price(amount=Decimal("0.0912"), per="gigabyte and month"),
    "log_group": Price(amount=Decimal("0.03"), per="gigabyte and month"),
}
_ACTIONS = {
    ResourceKind.DATABASE: "Nobody connects: stop it, or delete it after a last snapshot.",
    ResourceKind.NAT_GATEWAY: "Nothing goes through it: remove it and its route.",
    ResourceKind.CACHE: "It gets no commands: remove it, or take a smaller node.",
    ResourceKind.TARGET_GROUP: "It gets no requests: remove its rule and its target, which may cost something.",
    ResourceKind.ADDRESS: "It is attached to nothing: release it.",
    ResourceKind.VOLUME: "It is attached to nothing: delete it after a snapshot.",
    ResourceKind.LOG_GROUP: "It keeps everything for ever: set a retention.",
    ResourceKind.SPOT_TASK: "A background task should be over by now: look at its log, then stop it.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedResource:
    """A resource of this platform as it was found.

    Attributes:
        is_idle: over the whole window, or at this moment for what has no measurements; None when nobody can tell.
        idle_since: when that began, as far as it is known; None when only this moment is known.
        unit, quantity: what it is paid by: node class and number, or gigabytes.
    """

    kind: ResourceKind
    arn: str
    is_idle: bool | None
    idle_since: datetime | None = None
    unit: str = ""
    quantity: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """One idle resource; `is_sent` once somebody was told. `monthly_cost` is None when no price is assumed."""

    kind: ResourceKind
    arn: str
    idle_since: datetime
    monthly_cost: Decimal | None
    assumption: str
    action: str
    is_sent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The 24 full hours that are looked at."""

    since: datetime
    until: datetime


def window_before(now: datetime) -> Window:
    """The last 24 full hours of which all measurements have come in."""
    until = now.replace(minute=0, second=0, microsecond=0) - LATE_FOR
    return Window(since=until - IDLE_FOR, until=until)


def is_quiet(hourly: Mapping[datetime, float], window: Window, *, at_most: float, absent_is_zero: bool) -> bool | None:
    """Whether no hour exceeds `at_most`; None when hours are missing that should be there."""
    hours = [window.since + timedelta(hours=number) for number in range(int(IDLE_FOR / timedelta(hours=1)))]
    if any(hourly.get(hour, 0) > at_most for hour in hours):
        return False
    if not absent_is_zero and any(hour not in hourly for hour in hours):
        return None
    return True


def recommend(resource: ObservedResource, *, idle_since: datetime) -> Recommendation:
    """What to tell about an idle resource."""
    price = PRICES.get(resource.unit)
    if price is None:
        cost, assumption = None, "No price is assumed; see the price list."
    else:
        cost = (price.amount * price.month * resource.quantity).quantize(Decimal("0.01"))
        assumption = f"{resource.quantity.normalize():f} at an assumed {price.amount} USD per {price.per}."
    return Recommendation(
        kind=resource.kind,
        arn=resource.arn,
        idle_since=idle_since,
        monthly_cost=cost,
        assumption=assumption,
        action=_ACTIONS[resource.kind],
    )
