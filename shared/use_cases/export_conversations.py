"""The hourly export of messages, turns and calls as lines of JSON, each hour once, oldest first."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.export import SETTLING, Dataset, ExportHour, PersonalData, full_hour, manifest
from shared.domain.export_lines import line_of
from shared.domain.export_part import PartFile
from shared.errors import LeaseLost, StoreUnavailable
from shared.observability import count, logger
from shared.ports.exports import ExportFiles, ExportJournal, ExportRows, HourClaim, PlacedRow, RowPlace

HOURS_AT_ONCE = 1000
"""Of each dataset in one run: six weeks, so that a history of years does not keep the other jobs waiting for ever."""
LEASE_SECONDS = 120
_ROWS_AT_ONCE = 1000


@dataclass(slots=True, kw_only=True)
class ExportReport:
    """What a run did.

    Attributes:
        taken: hours that another run has, or that are to be cleared first.
        lag_seconds: since the oldest hour that is not exported ended; 0 when there is none.
        is_complete: not, when it was told to stop or when somebody's transaction would not end.
    """

    hours: int = 0
    taken: int = 0
    rows: int = 0
    parts: int = 0
    bytes: int = 0
    lag_seconds: int = 0
    is_complete: bool = True


class ExportConversations:
    """Exports every hour that is over and has come to rest.

    It may be killed at any point: what the journal says is kept is not written again, and what it does not say is
    written again with the same bytes, because rows are read as they were known at one moment of the past. Two runs at
    once share the hours.
    """

    def __init__(
        self,
        rows: ExportRows,
        journal: ExportJournal,
        files: ExportFiles,
        clock: Callable[[], datetime],
        *,
        personal_data: PersonalData,
        hash_user: Callable[[str], str],
        make_part: Callable[[], PartFile] = PartFile,
        hours_at_once: int = HOURS_AT_ONCE,
    ) -> None:
        self._rows = rows
        self._journal = journal
        self._files = files
        self._clock = clock
        self._personal_data = personal_data
        self._hash_user = hash_user
        self._make_part = make_part
        self._hours_at_once = hours_at_once

    async def __call__(
        self,
        *,
        should_stop: Callable[[], bool] = lambda: False,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> ExportReport:
        """Export what is not exported, of the hours between `since` and `until` if they are given.

        Raises:
            StoreUnavailable: something is left to the next run.
        """
        report = ExportReport()
        settled_until = await self._rows.settled_until()
        if settled_until is None:
            logger.warning("export_waits_for_a_transaction")
            report.is_complete = False
        else:
            newest = full_hour(settled_until - SETTLING)
            newest = newest if until is None else min(newest, full_hour(until))
            for dataset in Dataset:
                for hour in await self._left(dataset, until=newest, limit=self._hours_at_once, not_before=since):
                    if should_stop():
                        report.is_complete = False
                        break
                    await self._export(hour, report, should_stop)
        report.lag_seconds = await self._lag_seconds()
        # By `count`, because the metric is of seconds; the latest is the highest that is written in an hour.
        count("export_lag_seconds", report.lag_seconds)
        return report

    async def _left(
        self, dataset: Dataset, *, until: datetime, limit: int, not_before: datetime | None = None
    ) -> Sequence[ExportHour]:
        first_at = await self._rows.first_at(dataset)
        return await self._journal.unfinished(
            dataset, first_at=first_at, until=until, limit=limit, not_before=not_before
        )

    async def _lag_seconds(self) -> int:
        now = self._clock()
        oldest = [hour for name in Dataset for hour in await self._left(name, until=full_hour(now), limit=1)]
        return max((int((now - hour.ends_at) / timedelta(seconds=1)) for hour in oldest), default=0)

    async def _export(self, hour: ExportHour, report: ExportReport, should_stop: Callable[[], bool]) -> None:
        claim = await self._journal.claim(hour, self._personal_data, lease_seconds=LEASE_SECONDS)
        if claim is None:
            report.taken += 1
            return
        started = time.perf_counter()
        try:
            whole = await self._write(claim, should_stop)
            if whole is None:
                report.is_complete = False
                await self._journal.give_back(claim)
                return
            body = manifest(hour, whole.personal_data, whole.parts)
            await self._files.put_manifest(hour.manifest_key, body)
            await self._journal.finish(whole)
        except LeaseLost:
            report.taken += 1
            await self._journal.give_back(claim)
            return
        except StoreUnavailable:
            # So that whoever runs it again at once need not wait for the lease.
            with suppress(StoreUnavailable):
                await self._journal.give_back(claim)
            raise
        self._tell(whole, report, started)

    async def _write(self, claim: HourClaim, should_stop: Callable[[], bool]) -> HourClaim | None:
        """The claim with all parts kept; None when told to stop."""
        part, last, after = self._make_part(), claim.after, claim.after
        while True:
            page = await self._rows.page(claim.hour, after=after, limit=_ROWS_AT_ONCE)
            for placed in page:
                line = self._line(placed, claim)
                if not part.has_room_for(line):
                    claim = await self._keep(claim, part, last)
                    part = self._make_part()
                part.add(line)
                last = placed.place
            if len(page) < _ROWS_AT_ONCE:
                return await self._keep(claim, part, last) if part.rows else claim
            if should_stop():
                return None
            after = last

    async def _keep(self, claim: HourClaim, part: PartFile, last: RowPlace | None) -> HourClaim:
        body, facts = part.close()
        # Before the file, so that nobody is late with one: whoever lost the hour writes nothing into it any more.
        await self._journal.keep(claim, lease_seconds=LEASE_SECONDS)
        await self._files.put_part(claim.hour.part_key(len(claim.parts) + 1), body)
        kept = replace(claim, parts=(*claim.parts, facts), after=last)
        await self._journal.keep(kept, lease_seconds=LEASE_SECONDS)
        return kept

    def _line(self, placed: PlacedRow, claim: HourClaim) -> bytes:
        return line_of(placed.row, claim.personal_data, user_hash=self._hash_user(placed.row.user_id))

    def _tell(self, whole: HourClaim, report: ExportReport, started: float) -> None:
        rows, size = sum(part.rows for part in whole.parts), sum(part.bytes for part in whole.parts)
        report.hours += 1
        report.rows += rows
        report.parts += len(whole.parts)
        report.bytes += size
        count("exported_rows", rows)
        logger.info(
            "hour_exported",
            dataset=whole.hour.dataset.value,
            hour=whole.hour.starts_at.isoformat(),
            rows=rows,
            parts=len(whole.parts),
            bytes=size,
            elapsed_ms=round((time.perf_counter() - started) * 1000),
        )
