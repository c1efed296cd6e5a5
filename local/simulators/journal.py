"""Remembers what the platform sent to its providers."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import asdict, dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRequest:
    """One request to a provider and how it was answered.

    `number` counts up and never repeats, `status` is HTTP's (None: the connection was cut), `provider_id` the id that
    the provider gave to an accepted message or call.
    """

    number: int
    provider: str
    method: str
    path: str
    body: object
    at: str
    status: int | None
    provider_id: str | None


class Bell:
    """Wakes whoever waits for something new."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def next_ring(self) -> asyncio.Event:
        """Set when the bell rings next. Take it before looking for news, so that none is missed."""
        return self._next

    def ring(self) -> None:
        """Wake all who wait."""
        self._next.set()
        self._next = asyncio.Event()


class Journal:
    """The newest requests, oldest first; when full, the oldest is forgotten."""

    def __init__(self, *, kept: int) -> None:
        self._requests: deque[SentRequest] = deque(maxlen=kept)
        self._last_number = 0
        self.bell = Bell()
        """Rings with every request."""

    def record(
        self, *, provider: str, method: str, path: str, body: object, status: int | None, provider_id: str | None
    ) -> None:
        """Remember a request that has just been answered."""
        self._last_number += 1
        self._requests.append(
            SentRequest(
                number=self._last_number,
                provider=provider,
                method=method,
                path=path,
                body=body,
                at=datetime.now(UTC).isoformat(timespec="milliseconds"),
                status=status,
                provider_id=provider_id,
            )
        )
        self.bell.ring()

    def listed(self, *, after: int = 0) -> list[dict[str, object]]:
        """The kept requests with a higher number than `after`."""
        return [asdict(request) for request in self._requests if request.number > after]

    @property
    def last_number(self) -> int:
        """Of the newest request; 0 when there was none. Clearing does not reset it."""
        return self._last_number

    def clear(self) -> None:
        """Forget all requests."""
        self._requests.clear()
