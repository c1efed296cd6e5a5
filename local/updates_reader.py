"""Follows the live updates of a running platform over its socket, as a front end does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from local.running_stack import REQUEST_TIMEOUT_SECONDS, NotRunning

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 10.0
_MAY_PASS = frozenset({429, 502, 503})


class UpdatesReader:
    """Yields every event once, in order; a socket that breaks off is opened again where it was."""

    def __init__(
        self, facts: dict[str, Any], *, since: str | None = None, say: Callable[[str], None] = lambda _line: None
    ) -> None:
        """`facts` are those of `stack.json`; `say` is told when the connection comes and goes."""
        self._facts = facts
        self._since = since
        self._say = say

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """Every event from now on, or after `since`.

        Raises:
            NotRunning: the platform refuses us for good, or nobody answered to begin with.
        """
        wait_seconds, was_open = FIRST_WAIT_SECONDS, False
        while True:
            try:
                async with await self._open() as socket:
                    self._say("connected" if not was_open else "connected again")
                    wait_seconds, was_open = FIRST_WAIT_SECONDS, True
                    async for text in socket:
                        event = json.loads(text)
                        self._since = event["id"]
                        yield event
                    self._say(f"the socket was closed ({socket.close_code} {socket.close_reason})")
            except (OSError, httpx.TransportError, ConnectionClosed, InvalidHandshake) as error:
                if not was_open and not isinstance(error, InvalidStatus):
                    raise NotRunning(f"live updates gave no answer: {error!r}") from error
                wait_seconds = self._after(error, wait_seconds)
            await asyncio.sleep(wait_seconds)
            wait_seconds = min(2 * wait_seconds, LONGEST_WAIT_SECONDS)

    async def _open(self) -> ClientConnection:
        query = f"ticket={await self._ticket()}" + (f"&since={self._since}" if self._since else "")
        url = f"{self._facts['media_url']}/updates?{query}"
        return await connect(url, proxy=None, open_timeout=REQUEST_TIMEOUT_SECONDS)

    async def _ticket(self) -> str:
        headers = {"authorization": f"Bearer {self._facts['api_token']}"}
        async with httpx.AsyncClient(trust_env=False, timeout=REQUEST_TIMEOUT_SECONDS) as client:
            answer = await client.post(f"{self._facts['base_url']}/api/v1/updates-ticket", headers=headers)
        if answer.status_code in _MAY_PASS:
            raise httpx.NetworkError(f"no ticket: {answer.status_code}")
        if answer.is_error:
            raise NotRunning(f"no ticket for live updates ({answer.status_code}): {answer.text[:200]}")
        ticket: str = answer.json()["data"]["ticket"]
        return ticket

    def _after(self, error: Exception, wait_seconds: float) -> float:
        """How long to wait before the next try.

        Raises:
            NotRunning: trying again is no use.
        """
        if not isinstance(error, InvalidStatus):
            self._say(f"the connection broke off ({type(error).__name__}); trying again")
            return wait_seconds
        answer = error.response
        if answer.status_code not in _MAY_PASS:
            raise NotRunning(f"live updates refused us: {(answer.body or b'').decode(errors='replace')[:200]}")
        retry_after = float(answer.headers.get("retry-after", wait_seconds))
        why = "three sockets are open already" if answer.status_code == 429 else "not available at the moment"  # noqa: PLR2004 - the status
        self._say(f"{why}; trying again in {retry_after:g} s")
        return retry_after
