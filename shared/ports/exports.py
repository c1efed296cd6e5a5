"""What the hourly export needs from outside: the rows, the book of hours, and the place for the files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.erasure import Subject
from shared.domain.export import Dataset, ExportedPart, ExportHour, PersonalData
from shared.domain.export_lines import Exported


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPlace:
    """Where a row stands in its hour: by its time, then by its id."""

    at: datetime
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedRow:
    """A row to be exported."""

    place: RowPlace
    row: Exported


@dataclass(frozen=True, slots=True, kw_only=True)
class HourClaim:
    """The right to export an hour, and how far it came before.

    Attributes:
        parts: what is in the bucket already; `after` is the last row among it.
    """

    hour: ExportHour
    fence: int
    personal_data: PersonalData
    parts: tuple[ExportedPart, ...] = ()
    after: RowPlace | None = None


class ExportRows(Protocol):
    """What is to be exported. Everything raises StoreUnavailable."""

    async def settled_until(self) -> datetime | None:
        """A moment before which nothing can be stored or changed any more: whoever could is done.

        None: somebody is not, and was not after some patience either.
        """

    async def first_at(self, dataset: Dataset) -> datetime | None:
        """When the oldest row came to be; None when there is none."""

    async def page(self, hour: ExportHour, *, after: RowPlace | None, limit: int) -> Sequence[PlacedRow]:
        """The next rows of the hour in their order, each as it was known at `hour.known_until`.

        Asked again later it gives the same rows, but for those of erased users.
        """


class ExportJournal(Protocol):
    """Which hours are exported. Everything raises StoreUnavailable."""

    async def unfinished(
        self,
        dataset: Dataset,
        *,
        first_at: datetime | None,
        until: datetime,
        limit: int,
        not_before: datetime | None = None,
    ) -> Sequence[ExportHour]:
        """The oldest hours that are not exported and end at `until` at the latest.

        They begin with that of `first_at`, or with the oldest that the journal knows if that is older.
        """

    async def claim(self, hour: ExportHour, personal_data: PersonalData, *, lease_seconds: int) -> HourClaim | None:
        """Take the hour; None when somebody has it, or it is exported, or its files are to be removed first.

        An hour that was begun goes on with the handling of personal data that it was begun with.
        """

    async def keep(self, claim: HourClaim, *, lease_seconds: int) -> None:
        """Note what the claim says is in the bucket.

        Raises:
            LeaseLost: somebody else has the hour now, or its files are to be removed.
        """

    async def finish(self, claim: HourClaim) -> None:
        """Note that the hour is exported.

        Raises:
            LeaseLost: as in `keep`.
        """

    async def give_back(self, claim: HourClaim) -> None:
        """Let others have the hour."""


class ExportFiles(Protocol):
    """Where exports lie."""

    async def put_part(self, key: str, body: bytes) -> None:
        """Keep compressed lines; the same again changes nothing.

        Raises:
            StoreUnavailable: no answer; it may be kept all the same.
        """

    async def put_manifest(self, key: str, body: bytes) -> None:
        """Keep the file that says that an hour is complete.

        Raises:
            StoreUnavailable: as in `put_part`.
        """


class ExportedHours(Protocol):
    """The hours in which something of a user is, or will be, exported. Everything raises StoreUnavailable.

    `erased` stands for who is being erased, the same in every run of an erasure: of several at once, each clears what
    it marked.
    """

    async def count(self, subject: Subject) -> int:
        """How many there are, unfinished ones included."""

    async def mark(self, subject: Subject, *, erased: str) -> int:
        """Note, while the rows tell, that their files are to be removed; until then nobody exports them."""

    async def marked(self, *, erased: str, limit: int) -> Sequence[ExportHour]:
        """Hours whose files can be removed now.

        Raises:
            StoreUnavailable: somebody is still exporting one of them; ask again in two minutes.
        """

    async def cleared(self, hour: ExportHour, *, erased: str) -> None:
        """Note that its files are gone; it is exported anew, once nobody else wants it cleared."""
