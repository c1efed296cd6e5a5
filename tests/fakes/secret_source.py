"""In-memory secret source: the value changes when the test says so, and is seen when somebody looks."""

from __future__ import annotations


class FakeSecretSource:
    """Implements `SecretSource` for one value, which it also gives."""

    def __init__(self, value: str, *, kept: str | None = None) -> None:
        """`kept` is what the keeper holds by now, and what a look brings."""
        self.value = value
        self.kept = value if kept is None else kept
        self.looks = 0
        self._edition = 1

    def __call__(self) -> str:
        return self.value

    async def refresh(self) -> int:
        """See `SecretSource.refresh`."""
        return self._edition

    async def renew(self, seen: int) -> bool:
        """See `SecretSource.renew`."""
        self.looks += 1
        if self.kept != self.value:
            self.value = self.kept
            self._edition += 1
        return self._edition != seen
