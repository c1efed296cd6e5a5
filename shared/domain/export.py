"""The hourly export: what is exported, which hours there are, and where their files lie."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

HOUR = timedelta(hours=1)
SETTLING = timedelta(minutes=10)
"""How long after its end an hour is left alone: most delivery statuses are in by then."""
FOLDER = "exports/"
_FORMAT = 1


class Dataset(StrEnum):
    """What is exported.

    CONVERSATIONS: a line for each message, in the hour in which it was stored. TRACES: a line for each turn, in the
    hour in which it was done with. CALLS: a line for each call, in the hour in which it was found to be over.
    """

    CONVERSATIONS = "conversations"
    TRACES = "traces"
    CALLS = "calls"


class PersonalData(StrEnum):
    """What becomes of it in an export.

    MASKED: words with numbers and addresses replaced, no identities. OMITTED: no words either. KEPT: all of it.
    """

    MASKED = "masked"
    OMITTED = "omitted"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportHour:
    """An hour of a dataset; `starts_at` is a full hour of UTC."""

    dataset: Dataset
    starts_at: datetime

    @property
    def ends_at(self) -> datetime:
        """The first moment that is not in it."""
        return self.starts_at + HOUR

    @property
    def known_until(self) -> datetime:
        """What is noted about a row of the hour later than this is not in the export."""
        return self.ends_at + SETTLING

    @property
    def folder(self) -> str:
        """Where its files lie; partitions as Hive names them, so that readers find day and hour in the path."""
        return f"{FOLDER}{self.dataset}/dt={self.starts_at:%Y-%m-%d}/hour={self.starts_at:%H}/"

    @property
    def manifest_key(self) -> str:
        """The file that says that the hour is complete. Readers of tables skip what begins with an underscore."""
        return f"{self.folder}_manifest.json"

    def part_key(self, number: int) -> str:
        """Where a part lies, from 1."""
        return f"{self.folder}part-{number:05}.jsonl.gz"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedPart:
    """What a file of an export holds; `sha256` is of its bytes as they lie in the bucket."""

    rows: int
    bytes: int
    sha256: str


def manifest(hour: ExportHour, personal_data: PersonalData, parts: Sequence[ExportedPart]) -> bytes:
    """The file that is written when all others are: what there is, to be compared with what is found."""
    names = (hour.part_key(number).rpartition("/")[2] for number in range(1, len(parts) + 1))
    told = {
        "format": _FORMAT,
        "dataset": hour.dataset,
        "from": moment(hour.starts_at),
        "until": moment(hour.ends_at),
        "known_until": moment(hour.known_until),
        "personal_data": personal_data,
        "rows": sum(part.rows for part in parts),
        "parts": [{"name": name, **asdict(part)} for name, part in zip(names, parts, strict=True)],
    }
    return (json.dumps(told, indent=1) + "\n").encode()


def moment(at: datetime) -> str:
    """A time as every reader knows it: UTC, ISO 8601, always as many digits."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def full_hour(at: datetime) -> datetime:
    """The hour of UTC that the moment lies in."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
