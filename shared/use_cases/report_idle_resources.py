"""Once a day: what was idle for 24 hours is recommended to be given up, once for each finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from shared.domain.idle import IDLE_FOR, Recommendation, recommend, window_before
from shared.observability import count, logger
from shared.ports.idle import Notifier, RecommendationStore, ResourceInventory

_SUBJECT = "Vaani: idle resources"


class ReportIdleResources:
    """Finds idle resources and tells about those that were not told before.

    What is in use again is forgotten, so that it is told again should it fall idle again.
    """

    def __init__(
        self,
        inventory: ResourceInventory,
        store: RecommendationStore,
        notifier: Notifier,
        clock: Callable[[], datetime],
    ) -> None:
        self._inventory = inventory
        self._store = store
        self._notifier = notifier
        self._clock = clock

    async def __call__(self) -> tuple[Recommendation, ...]:
        """Report, and return all recommendations that hold now.

        Raises:
            ProviderUnavailable: the resources are not known, or nobody was told; the next run tells.
            StoreUnavailable: not known what was told before, or not noted what was told now.
        """
        now = self._clock()
        known = {recommendation.arn: recommendation for recommendation in await self._store.load()}
        found = []
        for resource in await self._inventory.observe(window_before(now)):
            before = known.get(resource.arn)
            if resource.is_idle:
                since = before.idle_since if before is not None else resource.idle_since or now
                is_sent = before is not None and before.is_sent
                found.append(replace(recommend(resource, idle_since=since), is_sent=is_sent))
            elif resource.is_idle is None and before is not None:
                # Measurements are late or lost: neither forget the finding nor tell it again.
                found.append(before)
        await self._tell(found, now)
        return tuple(found)

    async def _tell(self, found: list[Recommendation], now: datetime) -> None:
        due = [item for item in found if now - item.idle_since >= IDLE_FOR]
        new = [item for item in due if not item.is_sent]
        if new:
            await self._notifier.notify(_SUBJECT, _letter(new))
            logger.info("idle_resources_recommended", resources=[item.arn for item in new])
        # Told first and noted then: a failure between the two repeats a notice, and loses none.
        sent = {item.arn for item in due}
        found[:] = [replace(item, is_sent=item.is_sent or item.arn in sent) for item in found]
        await self._store.save(tuple(found))
        count("idle_resources", len(due))
        count("idle_monthly_cost", float(_total(due)))
        logger.info("idle_resources_found", due=len(due), new=len(new), waiting=len(found) - len(due))


def _letter(recommendations: list[Recommendation]) -> str:
    lines = [f"Idle for at least 24 hours, about {_total(recommendations)} USD a month:", ""]
    for item in recommendations:
        cost = "unknown cost" if item.monthly_cost is None else f"about {item.monthly_cost} USD a month"
        lines += [
            f"- {item.kind}: {item.arn}",
            f"  since {item.idle_since:%Y-%m-%d %H:%M} UTC, {cost} ({item.assumption})",
            f"  {item.action}",
        ]
    return "\n".join([*lines, "", "Tag a resource vaani:keep=true, and it is not mentioned again."])


def _total(recommendations: Iterable[Recommendation]) -> Decimal:
    return sum((item.monthly_cost or Decimal(0) for item in recommendations), Decimal(0))
