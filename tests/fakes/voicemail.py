"""VoicemailMessages in memory."""

from __future__ import annotations

from shared.errors import NotFound
from tests.fakes.memory_rows import MemoryRows


class FakeVoicemailMessages:
    """Implements `VoicemailMessages` for the calls among the rows."""

    def __init__(self, rows: MemoryRows) -> None:
        self._rows = rows
        self.texts: dict[str, str] = {}

    async def keep(self, call_sid: str, text: str) -> None:
        if call_sid not in self._rows.calls:
            raise NotFound("There is no such call.")
        self.texts.setdefault(call_sid, text)

    async def find(self, call_sid: str) -> str | None:
        return self.texts.get(call_sid)
