"""What could be saved: reservations worth buying and resources worth giving up, for an admin who asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from shared.domain.idle_recommendation import Recommendation
from shared.domain.json_value import JSON
from shared.domain.reservation import Coverage, Reservation, ReservationAdvice
from shared.ports.idle import RecommendationStore
from shared.ports.reservations import ReservationSource


class RecommendSavings:
    """Puts both together."""

    def __init__(
        self, reservations: ReservationSource, store: RecommendationStore, clock: Callable[[], datetime]
    ) -> None:
        self._reservations = reservations
        self._store = store
        self._clock = clock

    async def __call__(self) -> dict[str, JSON]:
        """What holds now, as it is shown.

        Raises:
            ProviderUnavailable: the advice could not be read.
            StoreUnavailable: what lies idle is not known.
        """
        now = self._clock()
        report = await self._reservations.report(now.date())
        notes, _ = await self._store.load()
        idle = [item for item in notes.recommendations if item.is_idleness and item.told_at is not None]
        return {
            "coverage": [_coverage(item) for item in report.coverage],
            "reservations": [_advice(item) for item in report.advice],
            "ending": [_ending(item) for item in report.reservations or () if item.ends_soon(now)],
            "idle": [_recommendation(item) for item in idle],
        }


# Amounts travel as text: they are exact, and JSON numbers are not.
def _coverage(coverage: Coverage) -> JSON:
    utilisation = coverage.utilisation_percent
    return {
        "service": coverage.service,
        "days": coverage.days,
        "on_demand_hours": str(coverage.on_demand_hours),
        "reserved_hours": str(coverage.reserved_hours),
        "percent": None if coverage.percent is None else str(coverage.percent),
        "utilisation_percent": None if utilisation is None else str(utilisation),
    }


def _advice(advice: ReservationAdvice) -> JSON:
    return {
        "service": advice.service,
        "instance": advice.instance,
        "region": advice.region,
        "engine": advice.engine,
        "multi_az": advice.is_multi_az,
        "size_flexible": advice.is_size_flexible,
        "count": advice.count,
        "term_years": advice.term_years,
        "payment": advice.payment,
        "monthly_saving": str(advice.monthly_saving),
        "upfront_cost": str(advice.upfront_cost),
        "recurring_monthly": str(advice.recurring_monthly),
        "on_demand_monthly": str(advice.on_demand_monthly),
        "currency": advice.currency,
        "lookback_days": advice.lookback_days,
        "break_even_months": advice.break_even_months,
        "offering_id": advice.offering_id,
        "command": advice.command,
    }


def _ending(reservation: Reservation) -> JSON:
    return {
        "service": reservation.service,
        "id": reservation.id,
        "instance": reservation.instance,
        "count": reservation.count,
        "ends_at": reservation.ends_at.isoformat(),
    }


def _recommendation(recommendation: Recommendation) -> JSON:
    cost = recommendation.monthly_cost
    told_at = recommendation.told_at
    return {
        "kind": recommendation.kind,
        "resource": recommendation.key,
        "name": recommendation.name,
        "idle_since": recommendation.since.isoformat(),
        "monthly_cost": None if cost is None else str(cost),
        "assumption": recommendation.assumption,
        "action": " ".join(part for part in (f"{recommendation.reason}.", recommendation.beware) if part),
        "commands": list(recommendation.commands),
        "told_at": None if told_at is None else told_at.isoformat(),
    }
