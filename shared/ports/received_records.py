"""What a worker does with records of the queue that it cannot finish now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedRecord:
    """A record as it was received.

    Attributes:
        receipt: stands for this one receipt of it.
        group: records of one group stay in order.
        receive_count: how often it was received so far, this time included.
        carrier: what carries on the trace in which it was sent; empty when there is none.
        waited_ms: since it was sent, if that is known.
    """

    id: str
    receipt: str
    body: str
    group: str
    deduplication_id: str
    receive_count: int
    carrier: Mapping[str, str] = field(default_factory=dict)
    waited_ms: int | None = None


class ReceivedRecords(Protocol):
    """The queue behind the records of a batch, and the one for records that nobody can handle."""

    async def offer_again(self, records: Sequence[ReceivedRecord], *, after_seconds: int) -> None:
        """Hide the records of one group for so long from now on; then they come again, in their order.

        Raises:
            QueueUnavailable: some of them come again only when the queue's own time for that is over.
        """

    async def set_aside(self, record: ReceivedRecord, *, reason: str) -> None:
        """Put a copy of the record, with the reason, where people look after it.

        Raises:
            QueueUnavailable: there is no copy.
        """
