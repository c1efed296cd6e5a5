"""What could be saved: reservations worth buying and resources worth giving up."""

from __future__ import annotations

from shared.domain.idle import Recommendation
from shared.domain.json_value import JSON
from shared.domain.reservation import ReservationAdvice
from shared.ports.idle import RecommendationStore
from shared.ports.reservations import ReservationSource


class RecommendSavings:
    """Puts both together for an admin."""

    def __init__(self, reservations: ReservationSource, idle: RecommendationStore) -> None:
        self._reservations = reservations
        self._idle = idle

    async def __call__(self) -> dict[str, JSON]:
        """What holds now, as it is shown.

        Raises:
            ProviderUnavailable: the advice could not be read.
            StoreUnavailable: what lies idle is not known.
        """
        advice = await self._reservations.advice()
        idle = [item for item in await self._idle.load() if item.is_sent]
        return {"reservations": [_advice(item) for item in advice], "idle": [_recommendation(item) for item in idle]}


# Amounts travel as text: they are exact, and JSON numbers are not.
def _advice(advice: ReservationAdvice) -> JSON:
    return {
        "service": advice.service,
        "instance": advice.instance,
        "count": advice.count,
        "term_years": advice.term_years,
        "monthly_saving": str(advice.monthly_saving),
        "upfront_cost": str(advice.upfront_cost),
        "currency": advice.currency,
        "lookback_days": advice.lookback_days,
    }


def _recommendation(recommendation: Recommendation) -> JSON:
    cost = recommendation.monthly_cost
    return {
        "kind": recommendation.kind.value,
        "resource": recommendation.arn,
        "idle_since": recommendation.idle_since.isoformat(),
        "monthly_cost": None if cost is None else str(cost),
        "assumption": recommendation.assumption,
        "action": recommendation.action,
    }
