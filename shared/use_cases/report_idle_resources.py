"""Once a day: what was idle for 24 hours, and what is worth reserving, is recommended, once for each finding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.idle import Survey, window_before
from shared.domain.idle_letter import total_of, write_notice
from shared.domain.idle_recommendation import (
    RESERVATION_ENDS,
    RESERVE,
    Notes,
    Notice,
    Recommendation,
    recommend,
    recommend_renewing,
    recommend_reserving,
)
from shared.domain.reservation import Coverage
from shared.errors import ProviderUnavailable
from shared.observability import count, logger
from shared.ports.idle import Notifier, RecommendationStore, ResourceInventory
from shared.ports.reservations import ReservationSource


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleReport:
    """What one run found; `notices` were sent by it, the one of a run that died before included."""

    recommendations: tuple[Recommendation, ...]
    notices: tuple[Notice, ...]


class ReportIdleResources:
    """Finds what could be saved and tells about what was not told before.

    What is in use again is forgotten, so that it is told again should it fall idle again.
    A notice is noted before it is sent and noted as sent after: whoever dies in between leaves it to the next run,
    which sends the same bytes. So a notice is never lost, and repeated only if sending succeeded and noting did not.
    """

    def __init__(
        self,
        inventory: ResourceInventory,
        reservations: ReservationSource,
        store: RecommendationStore,
        notifier: Notifier,
        clock: Callable[[], datetime],
        *,
        stack: str,
        region: str,
    ) -> None:
        self._inventory = inventory
        self._reservations = reservations
        self._store = store
        self._notifier = notifier
        self._clock = clock
        self._stack = stack
        self._region = region

    async def __call__(self) -> IdleReport:
        """Report, and return what holds now.

        Raises:
            ProviderUnavailable: the resources are not known, or nobody was told; the next run tells.
            StoreUnavailable: not known what was told before, or not noted what was told now.
            VersionConflict: another run is about the same; nothing was sent twice.
        """
        notes, version = await self._store.load()
        notices = []
        if notes.pending is not None:
            notices.append(notes.pending)
            notes, version = await self._send(notes, version)
        now = self._clock()
        found = [*await self._idle(notes, now), *await self._contracts(notes, now)]
        notes = write_notice(replace(notes, recommendations=tuple(found)), now, stack=self._stack, region=self._region)
        version = await self._store.save(notes, after=version)
        if notes.pending is not None:
            notices.append(notes.pending)
            notes, version = await self._send(notes, version)
        _record(found, now)
        return IdleReport(recommendations=notes.recommendations, notices=tuple(notices))

    async def _send(self, notes: Notes, version: str) -> tuple[Notes, str]:
        if notes.pending is None:
            return notes, version
        notice = notes.pending
        await self._notifier.notify(notice.subject, notice.text, notice_id=notice.id)
        logger.info("idle_resources_recommended", notice_id=notice.id, resources=list(notice.keys))
        told = notes.with_told(self._clock())
        return told, await self._store.save(told, after=version)

    async def _idle(self, notes: Notes, now: datetime) -> list[Recommendation]:
        known = {item.key: item for item in notes.recommendations if item.is_idleness}
        survey = await self._inventory.observe(window_before(now))
        found = []
        for resource in survey.resources:
            before = known.get(resource.arn)
            if resource.is_idle:
                since = before.since if before is not None else resource.idle_since or now
                new = recommend(resource, since=since, region=self._region, stack=self._stack)
                found.append(_remembering(new, before))
            elif resource.is_idle is None and before is not None:
                # Measurements are late or lost: neither forget the finding nor tell it again.
                found.append(before)
        return [*found, *_unseen(known, survey)]

    async def _contracts(self, notes: Notes, now: datetime) -> list[Recommendation]:
        known = {item.key: item for item in notes.recommendations if not item.is_idleness}
        try:
            report = await self._reservations.report(now.date())
        except ProviderUnavailable as error:
            # The accounts are another service: what lies idle is told all the same, and what was known still holds.
            logger.warning("reservations_unknown", reason=type(error.__cause__ or error).__name__)
            return list(known.values())
        _record_coverage(report.coverage)
        found = [recommend_reserving(advice, since=now) for advice in report.advice]
        if report.reservations is None:
            found += [item for item in known.values() if item.kind == RESERVATION_ENDS]
        else:
            found += [recommend_renewing(item, since=now) for item in report.reservations if item.ends_soon(now)]
        return [_remembering(item, known.get(item.key)) for item in found]


def _remembering(new: Recommendation, before: Recommendation | None) -> Recommendation:
    if before is None:
        return new
    return replace(new, since=before.since, told_at=before.told_at, told_cost=before.told_cost)


def _unseen(known: dict[str, Recommendation], survey: Survey) -> list[Recommendation]:
    """What was found before among the kinds that could not be looked at this time."""
    if survey.unseen:
        logger.warning("idle_kinds_unseen", kinds=sorted(survey.unseen))
    seen = {resource.arn for resource in survey.resources}
    return [item for item in known.values() if item.kind in survey.unseen and item.key not in seen]


def _record(found: list[Recommendation], now: datetime) -> None:
    due = [item for item in found if item.is_idleness and item.is_due(now)]
    count("idle_resources", len(due))
    count("idle_monthly_cost", float(total_of(due)))
    waiting = sum(item.is_idleness for item in found) - len(due)
    reserve = sum(item.kind == RESERVE for item in found)
    logger.info("idle_resources_found", due=len(due), waiting=waiting, reservations_advised=reserve)


def _record_coverage(coverage: tuple[Coverage, ...]) -> None:
    for item in coverage:
        percent = item.percent
        if percent is not None:
            count("reservation_coverage_percent", float(percent), service=item.service)
            logger.info("reservation_coverage", provider_service=item.service, percent=str(percent), days=item.days)
