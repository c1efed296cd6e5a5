"""What is recommended, and when people hear of it: once for each finding, and in one reminder a month."""

from __future__ import annotations

import hashlib
import shlex
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from shared.domain.idle import IDLE_FOR, ObservedResource
from shared.domain.idle_actions import ACTIONS
from shared.domain.idle_prices import PRICES_OF, price_of
from shared.domain.reservation import Reservation, ReservationAdvice

RESERVE = "reserve"
RESERVATION_ENDS = "reservation_ends"
# An estimate that rose by so much is news.
_RISEN_SHARE = Decimal("1.5")
_RISEN_USD = Decimal(5)
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """One thing to act on.

    Attributes:
        key: the same as long as it is the same finding: the ARN of a resource.
        kind: a `ResourceKind`, `reserve` or `reservation_ends`.
        since: since when it lies idle, or was first seen.
        monthly_cost: what acting saves, in US dollars; None when no price is assumed.
        told_at, told_cost: when people heard of it, and of which estimate; None as long as they have not.
    """

    key: str
    kind: str
    name: str
    since: datetime
    monthly_cost: Decimal | None
    assumption: str
    reason: str
    commands: tuple[str, ...]
    beware: str = ""
    told_at: datetime | None = None
    told_cost: Decimal | None = None

    @property
    def is_idleness(self) -> bool:
        """Whether it is about something idle, rather than about a contract."""
        return self.kind not in (RESERVE, RESERVATION_ENDS)

    def is_due(self, now: datetime) -> bool:
        """Whether it has lasted long enough to be told."""
        return not self.is_idleness or now - self.since >= IDLE_FOR

    @property
    def has_risen(self) -> bool:
        """Whether it costs much more than what people were told."""
        if self.told_at is None or self.monthly_cost is None:
            return False
        told = self.told_cost or Decimal(0)
        return self.monthly_cost >= told * _RISEN_SHARE and self.monthly_cost - told >= _RISEN_USD


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A letter that was written and is kept until it is known to have been sent."""

    subject: str
    text: str
    keys: tuple[str, ...]
    written_at: datetime

    @property
    def id(self) -> str:
        """The same for the same letter: who gets it twice, after a failure in the moment of sending, can tell."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """What one report leaves for the next.

    Attributes:
        pending: a notice whose sending did not get noted.
        reminded_in: the month of the last reminder, as 2026-11.
    """

    recommendations: tuple[Recommendation, ...] = ()
    pending: Notice | None = None
    reminded_in: str = ""

    def with_told(self, now: datetime) -> Notes:
        """As it stands once the pending notice was sent."""
        keys = set(self.pending.keys) if self.pending else set()
        return replace(
            self,
            pending=None,
            recommendations=tuple(
                replace(item, told_at=now, told_cost=item.monthly_cost) if item.key in keys else item
                for item in self.recommendations
            ),
        )


def recommend(resource: ObservedResource, *, since: datetime, region: str, stack: str) -> Recommendation:
    """What to tell about an idle resource."""
    action = ACTIONS[resource.kind]
    cost, assumption = _estimate(resource, region)

    known = {"name": resource.name, "arn": resource.arn, "region": region, "stack": stack}
    # A person types them into a shell, and a name may hold whatever its giver liked.
    quoted = {each: shlex.quote(value) for each, value in known.items()}

    return Recommendation(
        key=resource.arn,
        kind=resource.kind.value,
        name=resource.name,
        since=since,
        monthly_cost=cost,
        assumption=assumption,
        reason=action.reason.format_map(known),
        commands=tuple(command.format_map(quoted) for command in action.commands),
        beware=action.beware.format_map(known),
    )


def recommend_reserving(advice: ReservationAdvice, *, since: datetime) -> Recommendation:
    """What to tell about a reservation worth buying."""
    standby = ", Multi-AZ" if advice.is_multi_az else ""
    flexible = " Other sizes of its family count too." if advice.is_size_flexible else ""
    return Recommendation(
        key=f"{RESERVE}:{advice.service}:{advice.region}:{advice.engine}:{advice.instance}{standby}",
        kind=RESERVE,
        name=f"{advice.count} x {advice.instance} ({advice.engine}{standby})",
        since=since,
        monthly_cost=advice.monthly_saving.quantize(_CENT),
        assumption=(
            f"{advice.term_years} year, {advice.payment.lower()}: {advice.upfront_cost:f} at once and "
            f"{advice.recurring_monthly:f} {advice.currency} a month instead of {advice.on_demand_monthly:f}.{flexible}"
        ),
        reason=(
            f"never fewer than {advice.lowest_used.normalize():f} ran in {advice.lookback_days} days; it pays if they "
            f"run for {advice.break_even_months} of the {12 * advice.term_years} months"
        ),
        commands=(advice.command,),
        beware="A contract that cannot be given back. Nothing of the platform may buy it: people with the right do.",
    )


def recommend_renewing(reservation: Reservation, *, since: datetime) -> Recommendation:
    """What to tell about a reservation that ends soon."""
    return Recommendation(
        key=f"{RESERVATION_ENDS}:{reservation.id}:{reservation.ends_at.date()}",
        kind=RESERVATION_ENDS,
        name=f"{reservation.id}: {reservation.count} x {reservation.instance}",
        since=since,
        monthly_cost=None,
        assumption="",
        reason=f"it ends on {reservation.ends_at.date()}; from then on everything costs the list price",
        commands=(),
        beware="Decide on the next one in time: /api/v1/costs/recommendations says what is needed by then.",
    )


def _estimate(resource: ObservedResource, region: str) -> tuple[Decimal | None, str]:
    price = price_of(resource.unit, region)
    if price is None:
        return None, "No price is assumed; see the price list."
    cost = (price.monthly * resource.quantity).quantize(_CENT)
    quantity = f"{resource.quantity.normalize():f}"
    return (
        cost,
        f"{quantity} x {resource.unit} at {price.amount} USD per {price.per}, list price of {region}, {PRICES_OF}.",
    )
