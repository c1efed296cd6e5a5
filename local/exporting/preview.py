"""The export of hours that are not over: what it will look like, in a folder and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from local.exporting.folder import DirectoryExportFiles
from shared.domain.export import HOUR, SETTLING, Dataset, ExportHour, PersonalData, full_hour
from shared.ports.exports import HourClaim, RowPlace

if TYPE_CHECKING:
    from shared.adapters.postgres.export_rows import PostgresExportRows
    from shared.ports.exports import ExportRows, PlacedRow
    from shared.use_cases.export_conversations import ExportReport

HOURS = 24


class _RowsSoFar:
    """Rows as if every hour had come to rest."""

    def __init__(self, rows: ExportRows, now: datetime) -> None:
        self._rows = rows
        self._now = now

    async def settled_until(self) -> datetime:
        return full_hour(self._now) + HOUR + SETTLING

    async def first_at(self, dataset: Dataset) -> datetime | None:
        return await self._rows.first_at(dataset)

    async def page(self, hour: ExportHour, *, after: RowPlace | None, limit: int) -> Sequence[PlacedRow]:
        return await self._rows.page(hour, after=after, limit=limit)


class _NoJournal:
    """Remembers nothing."""

    async def unfinished(
        self,
        dataset: Dataset,
        *,
        first_at: datetime | None,
        until: datetime,
        limit: int,
        not_before: datetime | None = None,
    ) -> Sequence[ExportHour]:
        if first_at is None:
            return []
        at = full_hour(first_at if not_before is None else max(first_at, not_before))
        count = min(limit, int((until - at) / HOUR))
        return [ExportHour(dataset=dataset, starts_at=at + number * HOUR) for number in range(count)]

    async def claim(self, hour: ExportHour, personal_data: PersonalData, *, lease_seconds: int) -> HourClaim:
        del lease_seconds
        return HourClaim(hour=hour, fence=1, personal_data=personal_data)

    async def keep(self, claim: HourClaim, *, lease_seconds: int) -> None:
        """Nobody asks."""

    async def finish(self, claim: HourClaim) -> None:
        """Nobody asks."""

    async def give_back(self, claim: HourClaim) -> None:
        """Nobody asks."""


async def preview(
    rows: PostgresExportRows, folder: Path, *, now: datetime, personal_data: PersonalData
) -> ExportReport:
    """Write the last hours, this one included, as they would be exported if they were over now."""
    from shared import observability
    from shared.use_cases.export_conversations import ExportConversations

    export = ExportConversations(
        _RowsSoFar(rows, now),
        _NoJournal(),
        DirectoryExportFiles(folder),
        lambda: now,
        personal_data=personal_data,
        hash_user=observability.user_hash,
    )
    return await export(since=now - timedelta(hours=HOURS))
