"""The block list in memory."""

from __future__ import annotations

from collections import Counter

from shared.errors import StoreUnavailable


class InMemoryBlocklist:
    """Failures and blocks that never expire by themselves; `is_down` makes it refuse."""

    def __init__(self) -> None:
        self.failures: Counter[str] = Counter()
        self.blocks: dict[str, int] = {}
        self.is_down = False

    async def blocked_for(self, source: str) -> int:
        self._check()
        return self.blocks.get(source, 0)

    async def record_failure(self, source: str, *, window_seconds: int) -> int:  # noqa: ARG002
        self._check()
        self.failures[source] += 1
        return self.failures[source]

    async def block(self, source: str, *, seconds: int) -> None:
        self._check()
        self.blocks[source] = seconds

    async def forgive(self, source: str) -> None:
        self._check()
        self.failures.pop(source, None)
        self.blocks.pop(source, None)

    def _check(self) -> None:
        if self.is_down:
            raise StoreUnavailable("The block list did not answer.")
