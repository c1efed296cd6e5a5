"""The ports of the export, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from shared.domain.erasure import Subject
from shared.domain.export import HOUR, Dataset, ExportHour, PersonalData, full_hour
from shared.errors import LeaseLost, StoreUnavailable
from shared.ports.exports import HourClaim, PlacedRow, RowPlace


class FakeExportRows:
    """Implements `ExportRows` over rows by dataset; `settled` is what nothing can be stored before."""

    def __init__(self, rows: dict[Dataset, Sequence[PlacedRow]], *, settled: datetime | None) -> None:
        self.rows = {name: sorted(found, key=_order) for name, found in rows.items()}
        self.settled = settled

    async def settled_until(self) -> datetime | None:
        return self.settled

    async def first_at(self, dataset: Dataset) -> datetime | None:
        return min((placed.place.at for placed in self.rows.get(dataset, ())), default=None)

    async def page(self, hour: ExportHour, *, after: RowPlace | None, limit: int) -> Sequence[PlacedRow]:
        found = [
            placed
            for placed in self.rows.get(hour.dataset, ())
            if hour.starts_at <= placed.place.at < hour.ends_at
            and (after is None or (placed.place.at, placed.place.id) > (after.at, after.id))
        ]
        return found[:limit]


class FakeExportJournal:
    """Implements `ExportJournal`; a lease ends with `end_leases`, as if its time were over."""

    def __init__(self) -> None:
        self.claims: dict[ExportHour, HourClaim] = {}
        self.leased: set[ExportHour] = set()
        self.finished: set[ExportHour] = set()

    def end_leases(self) -> None:
        self.leased.clear()

    async def unfinished(
        self,
        dataset: Dataset,
        *,
        first_at: datetime | None,
        until: datetime,
        limit: int,
        not_before: datetime | None = None,
    ) -> Sequence[ExportHour]:
        known = [hour.starts_at for hour in self.claims if hour.dataset == dataset]
        first = min([*known, *([] if first_at is None else [first_at])], default=None)
        if first is None:
            return []
        at = full_hour(first if not_before is None else max(first, not_before))
        found: list[ExportHour] = []
        while at + HOUR <= until and len(found) < limit:
            hour = ExportHour(dataset=dataset, starts_at=at)
            found += [] if hour in self.finished else [hour]
            at += HOUR
        return found

    async def claim(self, hour: ExportHour, personal_data: PersonalData, *, lease_seconds: int) -> HourClaim | None:
        del lease_seconds
        if hour in self.finished or hour in self.leased:
            return None
        known = self.claims.get(hour, HourClaim(hour=hour, fence=0, personal_data=personal_data))
        if not known.parts:
            known = replace(known, personal_data=personal_data)
        self.claims[hour] = replace(known, fence=known.fence + 1)
        self.leased.add(hour)
        return self.claims[hour]

    async def keep(self, claim: HourClaim, *, lease_seconds: int) -> None:
        del lease_seconds
        self._require(claim)
        self.claims[claim.hour] = claim

    async def finish(self, claim: HourClaim) -> None:
        self._require(claim)
        self.finished.add(claim.hour)
        self.leased.discard(claim.hour)

    async def give_back(self, claim: HourClaim) -> None:
        if self.claims[claim.hour].fence == claim.fence:
            self.leased.discard(claim.hour)

    def _require(self, claim: HourClaim) -> None:
        if self.claims[claim.hour].fence != claim.fence or claim.hour in self.finished:
            raise LeaseLost("Somebody else has the hour now.")


class FakeExportFiles:
    """Implements `ExportFiles`; `put` lists every writing, `kept` what is there."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.put: list[str] = []

    async def put_part(self, key: str, body: bytes) -> None:
        self._put(key, body)

    async def put_manifest(self, key: str, body: bytes) -> None:
        self._put(key, body)

    def _put(self, key: str, body: bytes) -> None:
        self.put.append(key)
        self.kept[key] = body


class FakeExportedHours:
    """Implements `ExportedHours` over the hours of one user; the first `busy` looks find one that is being exported."""

    def __init__(self, *hours: ExportHour, busy: int = 0) -> None:
        self.hours = list(hours)
        self.to_clear: list[ExportHour] = []
        self.busy = busy

    async def count(self, subject: Subject) -> int:
        del subject
        return len(self.hours)

    async def mark(self, subject: Subject, *, erased: str) -> int:
        del subject, erased
        self.to_clear += [hour for hour in self.hours if hour not in self.to_clear]
        return len(self.hours)

    async def marked(self, *, erased: str, limit: int) -> Sequence[ExportHour]:
        del erased
        if self.busy:
            self.busy -= 1
            raise StoreUnavailable("An hour is being exported.")
        return self.to_clear[:limit]

    async def cleared(self, hour: ExportHour, *, erased: str) -> None:
        del erased
        self.to_clear.remove(hour)


def _order(placed: PlacedRow) -> tuple[datetime, str]:
    return placed.place.at, placed.place.id


SETTLED = timedelta(minutes=11)
"""After the end of an hour, it can be exported."""
