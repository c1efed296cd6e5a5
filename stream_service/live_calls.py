"""The calls of this process: admitted and counted, and no more of them once the process is to stop."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from shared.errors import RateLimited


class LiveCalls:
    """Admits calls up to a capacity and none any more once draining."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._active = 0
        self._is_draining = False

    @property
    def active(self) -> int:
        """Calls in progress."""
        return self._active

    @property
    def is_draining(self) -> bool:
        """Whether the process is finishing its calls before it stops."""
        return self._is_draining

    @contextmanager
    def admit(self) -> Generator[None, None, None]:
        """Count a call in for as long as the context lasts.

        Raises:
            RateLimited: full, or draining.
        """
        if self._is_draining or self._active >= self.capacity:
            raise RateLimited("This instance takes no more calls.", retry_after_seconds=1)
        self._active += 1
        try:
            yield
        finally:
            self._active -= 1

    def drain(self) -> None:
        """Take no new call from now on."""
        self._is_draining = True
