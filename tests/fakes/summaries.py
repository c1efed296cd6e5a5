"""SummaryStore and Summariser in memory."""

from __future__ import annotations

from collections.abc import Sequence

from shared.domain.conversation import Turn
from shared.ports.summaries import PastTurn, Unsummarised
from tests.fakes.history_store import is_past, turns_of
from tests.fakes.memory_rows import MemoryRows


class FakeSummaryStore:
    """Implements `SummaryStore` over the rows of the history."""

    def __init__(self, rows: MemoryRows) -> None:
        self.rows = rows

    async def unsummarised(self, conversation_id: str, *, limit: int) -> Unsummarised | None:
        row = self.rows.conversations.get(conversation_id)
        if row is None:
            return None
        unfinished = [id(message) for message in self.rows.unfinished(conversation_id)]
        places = [place for place, message in enumerate(self.rows.messages, 1) if id(message) in unfinished]
        end = min(places, default=len(self.rows.messages) + 1)
        own = [
            (place, message)
            for place, message in enumerate(self.rows.messages, 1)
            if message.conversation_id == conversation_id and row.summarised_until < place < end and is_past(message)
        ]
        turns = tuple(
            PastTurn(turn=turn, arrival=place) for place, message in own[:limit] for turn in turns_of(message)
        )
        return Unsummarised(summary=row.summary, until=row.summarised_until, turns=turns)

    async def keep(self, conversation_id: str, summary: str, *, read_until: int, until: int) -> bool:
        row = self.rows.conversations.get(conversation_id)
        if row is None or row.summarised_until != read_until:
            return False
        row.summary, row.summarised_until = summary, until
        return True


class FakeSummariser:
    """Implements `Summariser`: tells how many turns there were; `failures` are raised first."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...], str]] = []
        self.failures: list[Exception] = []

    async def summarise(self, earlier: str, turns: Sequence[Turn], *, language: str) -> str:
        if self.failures:
            raise self.failures.pop(0)
        self.asked.append((earlier, tuple(turn.text for turn in turns), language))
        return f"{earlier} {len(turns)} turns.".strip()
