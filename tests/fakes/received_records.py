"""ReceivedRecords that remembers what it was asked to do."""

from __future__ import annotations

from collections.abc import Sequence

from shared.errors import QueueUnavailable
from shared.ports.received_records import ReceivedRecord


class FakeReceivedRecords:
    """Implements `ReceivedRecords`; `is_down` refuses everything."""

    def __init__(self) -> None:
        self.offered_again: list[tuple[list[str], int]] = []
        self.set_aside_ids: dict[str, str] = {}
        self.set_aside_carriers: list[dict[str, str]] = []
        self.is_down = False

    async def offer_again(self, records: Sequence[ReceivedRecord], *, after_seconds: int) -> None:
        self._answer()
        self.offered_again.append(([record.id for record in records], after_seconds))

    async def set_aside(self, record: ReceivedRecord, *, reason: str) -> None:
        self._answer()
        self.set_aside_ids[record.id] = reason
        self.set_aside_carriers.append(dict(record.carrier))

    def _answer(self) -> None:
        if self.is_down:
            raise QueueUnavailable("down")
