"""Callers who phone the agents again and again: they ask, listen, interrupt, hang up and dial anew."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass

from local.drill.identities import Identities
from local.drill.notes import CallEvent, CallTrouble, Exchange, Notes
from local.simulators.phone import CallFailed, PhoneCall

UTTERANCES_PER_CALL = 8
INTERRUPT_EVERY = 3
"""Every so many utterances the caller talks over the answer."""

PATIENCE_SECONDS = 12.0
"""After so long without the agent's voice a caller gives up."""

QUIET_MS = 500
REDIAL_SECONDS = 1.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerVoices:
    """What callers say, mu-law at 8 kHz."""

    question: bytes
    interruption: bytes


class Caller:
    """One person with a telephone."""

    def __init__(self, identities: Identities, number: str, voices: CallerVoices, notes: Notes) -> None:
        self._identities = identities
        self._number = number
        self._voices = voices
        self._notes = notes
        self._seen_streams = 1
        self._seen_announcements = 0

    async def keep_calling(self) -> None:
        """Phone until cancelled."""
        while True:
            was_good = await self._call_once()
            await asyncio.sleep(REDIAL_SECONDS if was_good else REDIAL_SECONDS / 2)

    async def _call_once(self) -> bool:
        call = PhoneCall(self._identities.line, caller=self._number)
        self._seen_streams, self._seen_announcements = 1, 0
        dialled_at = time.monotonic()
        try:
            # Hanging up waits for the last callbacks; whoever has hung up already does not.
            with contextlib.suppress(CallFailed):
                async with call:
                    return await self._talk(call, dialled_at)
        finally:
            self._notes.call_ends[call.call_sid] = time.monotonic()
        return False

    async def _talk(self, call: PhoneCall, dialled_at: float) -> bool:
        self._look_at(call)
        if not call.calling.streams:
            self._note(CallTrouble.NOT_CONNECTED)
            return False
        if not await self._hear(call, since=dialled_at):
            return False
        for number in range(1, UTTERANCES_PER_CALL + 1):
            await self._hear_out(call)
            if not await self._ask(call, self._voices.question):
                return False
            if number % INTERRUPT_EVERY == 0 and not await self._ask(call, self._voices.interruption):
                return False
        return True

    async def _ask(self, call: PhoneCall, mulaw: bytes) -> bool:
        self._notes.utterances[call.call_sid] = self._notes.utterances.get(call.call_sid, 0) + 1
        try:
            await call.say(mulaw)
        except CallFailed:
            if call.is_over:
                self._look_at(call)
                self._note(CallTrouble.CUT)
                return False
        return await self._hear(call, since=time.monotonic())

    async def _hear(self, call: PhoneCall, *, since: float) -> bool:
        """Wait for the agent's voice, over a lost stream too; returns whether the call goes on."""
        heard = False
        while not heard and time.monotonic() - since < PATIENCE_SECONDS and not call.is_over:
            with contextlib.suppress(CallFailed):
                await call.wait_until_heard(timeout_seconds=_POLL_SECONDS * 4)
                heard = True
            self._look_at(call)
        now = time.monotonic()
        self._notes.exchanges.append(Exchange(asked_at=since, until=now, answered_at=now if heard else None))
        if not heard and call.is_over:
            self._note(CallTrouble.CUT)
        return heard

    async def _hear_out(self, call: PhoneCall) -> None:
        with contextlib.suppress(CallFailed):
            await call.listen_until_silence(quiet_ms=QUIET_MS, timeout_seconds=PATIENCE_SECONDS)
        self._look_at(call)

    def _look_at(self, call: PhoneCall) -> None:
        """Note what happened to the call behind the conversation."""
        streams, announcements = len(call.calling.streams), len(call.calling.announcements)
        if streams > self._seen_streams:
            self._seen_streams = streams
            self._note(CallTrouble.RECONNECTED)
        if announcements > self._seen_announcements:
            self._seen_announcements = announcements
            self._note(CallTrouble.ANNOUNCED)

    def _note(self, trouble: CallTrouble) -> None:
        self._notes.call_events.append(CallEvent(at=time.monotonic(), trouble=trouble))
