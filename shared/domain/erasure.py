"""Erasing a user: who that is, what there is of them, and what the report says."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shared.domain.json_value import JSON
from shared.domain.media import MediaPlace

Counts = Counter[str]
"""How many of what, by its name in the report."""

NOT_REACHED = (
    "Messages on their way, in the main queue or with a worker, are handled as new ones: run it again after them.",
    "Backups of the database keep what they hold until they expire, after 7 days; after a restore, run it again.",
    "Copies of exports outside the bucket: what was downloaded, or made of them by other tools.",
    "Providers keep their own copies: delete them in the message and call logs of Twilio, and at Meta.",
    "What other users wrote is theirs, even where it names this user.",
    "An opt-out is erased with its user: whoever keeps lists of whom to write to must take this user off them.",
    "Logs hold keyed hashes of identities and no content; they expire after 30 days.",
)
"""What no erasure reaches; every report says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The user: every identity that is known to be theirs, on one channel or, with None, on all of them."""

    identities: tuple[str, ...]
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTrace:
    """A call, as far as it says where its recording lies."""

    call_sid: str
    started_at: datetime

    @property
    def folder(self) -> str:
        """Where the recording and its parts lie, whether or not it was ever finished."""
        return f"recordings/{self.started_at.astimezone(UTC):%Y/%m/%d}/{self.call_sid}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTrace:
    """A message that came with files or was answered with one.

    Attributes:
        keys: where rows say that its files lie; a file may lie in its place before a row says so.
    """

    message_id: str
    channel: str
    sent_at: datetime
    keys: tuple[str, ...] = ()

    @property
    def folders(self) -> tuple[str, ...]:
        """Where its files, and the voice notes of its reply, lie."""
        place = MediaPlace(message_id=self.message_id, channel=self.channel, sent_at=self.sent_at, position=0)
        usual = place.key.removesuffix("0")
        elsewhere = (key for key in self.keys if not key.startswith(usual))
        return (usual, f"media/replies/{self.message_id}/", *elsewhere)


@dataclass(slots=True, kw_only=True)
class ErasureReport:
    """What was erased, or, in a dry run, what would be.

    Attributes:
        subject_hash: stands for the user, who is not named: the report outlives the erasure.
        busy: why nothing was done: a `call` is going on, or a `message` is being answered.
        finished_at: None while there is something left to do.
    """

    erasure_id: str | None
    subject_hash: str
    channel: str | None
    requested_by: str
    is_dry_run: bool
    identities: int
    begun_at: datetime
    finished_at: datetime | None = None
    busy: str | None = None
    rows: Counts = field(default_factory=Counter)
    objects: Counts = field(default_factory=Counter)
    cache: Counts = field(default_factory=Counter)
    queued: Counts = field(default_factory=Counter)
    not_reached: list[str] = field(default_factory=lambda: list(NOT_REACHED))

    @property
    def counts(self) -> dict[str, JSON]:
        """All counts that are not zero, by store."""
        stores = {"rows": self.rows, "objects": self.objects, "cache": self.cache, "queued": self.queued}
        return {store: {name: n for name, n in sorted(counted.items()) if n} for store, counted in stores.items()}

    @property
    def as_json(self) -> dict[str, JSON]:
        """The report for a file."""
        return {
            "erasure_id": self.erasure_id,
            "subject_hash": self.subject_hash,
            "channel": self.channel or "all",
            "requested_by": self.requested_by,
            "is_dry_run": self.is_dry_run,
            "identities": self.identities,
            "begun_at": self.begun_at.isoformat(),
            "finished_at": None if self.finished_at is None else self.finished_at.isoformat(),
            "busy": self.busy,
            **self.counts,
            "not_reached": [*self.not_reached],
        }


def subject_hash(user_id: str, *, key: bytes) -> str:
    """What proves an erasure to somebody who names the user and tells nobody else who it was.

    Keyed, so that numbers cannot be found by trying them all.
    """
    return hmac.digest(key, b"erasure:" + user_id.encode("utf-8", "surrogatepass"), hashlib.sha256).hex()
