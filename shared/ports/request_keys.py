"""Names that clients give to their requests, so that a repeated one is not done twice."""

from __future__ import annotations

from typing import Protocol


class RequestKeys(Protocol):
    """Remembers what became of a request for a while."""

    async def begin(self, key: str, *, ttl_seconds: int) -> str | None:
        """Take the key, atomically: None when it is new, the result when the request was finished before.

        Raises:
            AlreadyClaimed: begun within the last `ttl_seconds` and not finished: what became of it is not known.
            StoreUnavailable: not known; the request must not be done.
        """

    async def finish(self, key: str, result: str, *, ttl_seconds: int) -> None:
        """Remember the result.

        Raises:
            StoreUnavailable: not remembered.
        """

    async def forget(self, key: str) -> None:
        """The request was certainly not done, and may be tried again.

        Raises:
            StoreUnavailable: not forgotten before its time.
        """
