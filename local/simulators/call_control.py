"""How a platform reaches into a call that runs: Twilio's REST API tells the call to end or to do something else."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

import httpx

from local.simulators.phone_line import CallIdentity

logger = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """End the call. `by_platform` is false when the caller put the telephone down."""

    by_platform: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Drop what runs and follow this TwiML, or what this address answers; exactly one is given."""

    twiml: str | None = None
    url: str | None = None


Instruction = HangUp | Redirect


class CallControl(Protocol):
    """The REST side of one call."""

    async def announce(self, identity: CallIdentity) -> None:
        """Make the call known, so that it can be updated."""

    def instructions(self) -> AsyncIterator[Instruction]:
        """What the platform asks of the call, as it asks; may end early when nothing more can come."""

    async def end(self) -> None:
        """Make known that the call is over: further updates get Twilio's 20404."""


class RemoteCallControl:
    """A call known to the simulator server of another process."""

    def __init__(self, client: httpx.AsyncClient, simulator_url: str) -> None:
        self._client = client
        self._calls_url = f"{simulator_url}/calls"
        self._call_sid = ""

    async def announce(self, identity: CallIdentity) -> None:
        """Make the call known.

        Raises:
            httpx.HTTPError: the simulator does not answer or refuses.
        """
        self._call_sid = identity.call_sid
        call = {"call_sid": identity.call_sid, "from": identity.caller, "to": identity.called}
        (await self._client.post(self._calls_url, json=call)).raise_for_status()

    async def instructions(self) -> AsyncIterator[Instruction]:
        """Ask again and again; each question waits at the server until there is an answer."""
        url = f"{self._calls_url}/{self._call_sid}/instruction"
        while True:
            try:
                answer = await self._client.get(
                    url, params={"wait_seconds": LONGEST_WAIT_SECONDS}, timeout=LONGEST_WAIT_SECONDS + 5
                )
            except httpx.HTTPError:
                logger.warning("call_control_lost", extra={"call_sid": self._call_sid})
                return
            if answer.status_code == httpx.codes.NO_CONTENT:
                continue
            if answer.is_error:
                return
            details = answer.json()
            if details["kind"] == "hang_up":
                yield HangUp(by_platform=True)
            else:
                yield Redirect(twiml=details.get("twiml"), url=details.get("url"))

    async def end(self) -> None:
        """Make known that the call is over; a simulator that is gone needs no telling."""
        try:
            await self._client.delete(f"{self._calls_url}/{self._call_sid}")
        except httpx.HTTPError:
            logger.warning("call_control_lost", extra={"call_sid": self._call_sid})


class NoCallControl:
    """A call that no REST API knows of."""

    async def announce(self, identity: CallIdentity) -> None:
        """Nobody to tell."""

    async def instructions(self) -> AsyncIterator[Instruction]:
        """Nothing ever comes."""
        nothing: tuple[Instruction, ...] = ()
        for instruction in nothing:
            yield instruction

    async def end(self) -> None:
        """Nobody to tell."""
