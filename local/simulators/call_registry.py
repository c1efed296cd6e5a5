"""The calls that Twilio's REST API knows of, and what the platform asks of them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from local.simulators.call_control import HangUp, Instruction
from local.simulators.phone_line import CallIdentity

MOST_CALLS = 2000
MOST_INSTRUCTIONS = 10


@dataclass(slots=True, kw_only=True)
class KnownCall:
    """One call; `status` is Twilio's word. The newest instructions wait to be fetched by whoever plays the caller."""

    sid: str
    caller: str
    called: str
    direction: str
    status: str = "in-progress"
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    instructions: asyncio.Queue[Instruction] = field(default_factory=lambda: asyncio.Queue(MOST_INSTRUCTIONS))

    @property
    def is_over(self) -> bool:
        """It cannot be updated any more."""
        return self.status in {"completed", "busy", "no-answer", "canceled", "failed"}


class CallRegistry:
    """The newest 2000 calls.

    An id that was never announced is taken for a call in progress: any client may have placed it, and only the
    callers of this package announce themselves.
    """

    def __init__(self) -> None:
        self._calls: OrderedDict[str, KnownCall] = OrderedDict()

    def announce(self, *, sid: str, caller: str, called: str, direction: str = "inbound") -> KnownCall:
        """Make a call known, or return it when it is known."""
        call = self._calls.get(sid)
        if call is None:
            call = self._calls[sid] = KnownCall(sid=sid, caller=caller, called=called, direction=direction)
            while len(self._calls) > MOST_CALLS:
                self._calls.popitem(last=False)
        return call

    def find(self, sid: str) -> KnownCall | None:
        """The call with this id."""
        return self._calls.get(sid)

    def instruct(self, sid: str, instruction: Instruction) -> KnownCall | None:
        """Ask something of a call; None when it is over, or too much was asked of it already."""
        call = self._calls.get(sid) or self.announce(sid=sid, caller="", called="")
        if call.is_over or call.instructions.full():
            return None
        call.instructions.put_nowait(instruction)
        if isinstance(instruction, HangUp):
            call.status = "completed"
        return call

    def end(self, sid: str, *, status: str = "completed") -> None:
        """Note that a call is over."""
        call = self._calls.get(sid)
        if call is not None and not call.is_over:
            call.status = status


class LocalCallControl:
    """The REST side of a call that this very process plays."""

    def __init__(self, registry: CallRegistry) -> None:
        self._registry = registry
        self._call: KnownCall | None = None

    async def announce(self, identity: CallIdentity) -> None:
        """Make the call known."""
        self._call = self._registry.announce(
            sid=identity.call_sid, caller=identity.caller, called=identity.called, direction=identity.direction
        )

    async def instructions(self) -> AsyncIterator[Instruction]:
        """What is asked of the call, as it is asked."""
        while self._call is not None:
            yield await self._call.instructions.get()

    async def end(self) -> None:
        """Note that the call is over."""
        if self._call is not None:
            self._registry.end(self._call.sid)
