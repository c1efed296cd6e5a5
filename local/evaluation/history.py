"""The platform's own account of a scenario: the conversation, its turns, and which of them answer what."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Sequence
from typing import Any

from local.evaluation.observer import pauses
from local.running_stack import RunningStack


class History:
    """What the history API says of one user on one channel, or of one call."""

    def __init__(self, stack: RunningStack, *, channel: str, user_id: str, call_sid: str | None = None) -> None:
        self._stack = stack
        self._channel = channel
        self._user_id = user_id
        self._call_sid = call_sid
        self.conversation_id: str | None = None

    async def find(self) -> str | None:
        """The conversation's id, once there is one."""
        if self.conversation_id is None and self._call_sid is not None:
            call = await self._stack.call(self._call_sid)
            self.conversation_id = None if call is None else str(call["conversation_id"])
        elif self.conversation_id is None:
            self.conversation_id = await self._stack.conversation_id(channel=self._channel, user_id=self._user_id)
        return self.conversation_id

    async def conversation(self) -> dict[str, Any] | None:
        """The conversation as the API shows it."""
        found = await self.find()
        return None if found is None else await self._stack.conversation(found)

    async def turns(self) -> list[dict[str, Any]]:
        """All turns, in the order in which they were kept: WhatsApp tells seconds only, and answers come within one."""
        found = await self.find()
        turns = [] if found is None else await self._stack.messages(found)
        return sorted(turns, key=lambda turn: str(turn["id"]))

    async def turns_of(self, provider_ids: Collection[str], *, seconds: float) -> list[dict[str, Any]]:
        """The turns that these messages of ours are, once all of them are kept; what is there when time is up."""
        deadline, pause = time.monotonic() + seconds, pauses()
        while True:
            found = [turn for turn in await self.turns() if _provider_ids(turn) & set(provider_ids)]
            known = {each for turn in found for each in _provider_ids(turn)}
            if set(provider_ids) <= known or time.monotonic() > deadline:
                return found
            await asyncio.sleep(next(pause))

    async def new_answers(self, known: Collection[str], *, seconds: float) -> list[dict[str, Any]]:
        """The agents' turns whose ids are not known yet, once there is one; none when time is up."""
        deadline, pause = time.monotonic() + seconds, pauses()
        while True:
            found = [turn for turn in await self.turns() if turn["speaker"] == "agent" and turn["id"] not in known]
            if found or time.monotonic() > deadline:
                return found
            await asyncio.sleep(next(pause))


def latest_question(turns: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """What the user said last."""
    return next((turn for turn in reversed(turns) if turn["speaker"] == "user"), None)


def _provider_ids(turn: dict[str, Any]) -> set[str]:
    parts = {str(part["provider_message_id"]) for part in turn["parts"] if part["provider_message_id"]}
    return parts | ({str(turn["provider_message_id"])} if turn["provider_message_id"] else set())
