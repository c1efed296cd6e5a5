"""Promised calls are placed when they are due, and tried again when nobody takes the telephone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.domain.agent import ActiveAgent
from shared.domain.call import VOICE_CHANNEL, Call
from shared.domain.call_back import RETRY_SECONDS, CallBack, CallBackState, NextStep, call_back_note, next_step
from shared.domain.conversation import ConversationKey
from shared.errors import (
    AlreadyClaimed,
    InvalidContent,
    NotFound,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
    StoreUnavailable,
)
from shared.observability import count, logger
from shared.ports.call_backs import CallBacks
from shared.ports.consent import ConsentStore
from shared.ports.history import HistoryReader
from shared.ports.stores import ActiveAgentStore, ContextStore
from shared.use_cases.place_call import PlaceCall

MOST_AT_ONCE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RingBackReport:
    """How many promises were set to: rung now, kept or given up, and left for another try."""

    rung: int = 0
    settled: int = 0
    left: int = 0


class RingBack:
    """Rings everybody whose time has come, one after the other; a run that dies leaves the rest to the next one."""

    def __init__(
        self,
        call_backs: CallBacks,
        reader: HistoryReader,
        contexts: ContextStore,
        active_agents: ActiveAgentStore,
        consent: ConsentStore,
        place_call: PlaceCall,
        clock: Callable[[], datetime],
    ) -> None:
        self._call_backs = call_backs
        self._reader = reader
        self._contexts = contexts
        self._active_agents = active_agents
        self._consent = consent
        self._place_call = place_call
        self._clock = clock

    async def __call__(self, *, should_stop: Callable[[], bool] = lambda: False) -> RingBackReport:
        """Ring those who are due, `MOST_AT_ONCE` at most.

        Raises:
            StoreUnavailable: what is due is not known; what was begun is set to again later.
        """
        rung = settled = left = 0
        for _ in range(MOST_AT_ONCE):
            if should_stop():
                break
            call_back = await self._call_backs.set_to_next(retry_seconds=RETRY_SECONDS)
            if call_back is None:
                break
            try:
                if await self._attend_to(call_back):
                    rung += 1
                else:
                    settled += 1
            except (AlreadyClaimed, RateLimited):
                logger.info("call_back_postponed", call_back_id=call_back.id, attempts=call_back.attempts)
                left += 1
            except ProviderUnavailable:
                # The next one would meet the same trouble, and lose a try by it.
                logger.warning("call_back_postponed", call_back_id=call_back.id, attempts=call_back.attempts)
                left += 1
                break
        if rung or settled or left:
            logger.info("call_backs_attended", rung=rung, settled=settled, left=left)
        return RingBackReport(rung=rung, settled=settled, left=left)

    async def _attend_to(self, call_back: CallBack) -> bool:
        """Whether the telephone rings now; otherwise there is nothing left to do."""
        step = next_step(call_back, await self._latest(call_back))
        if step is NextStep.RING and await self._is_unwelcome(call_back):
            logger.info("call_back_unwelcome", call_back_id=call_back.id)
            return await self._settle(call_back, CallBackState.CANCELLED)
        match step:
            case NextStep.REACHED:
                return await self._settle(call_back, CallBackState.DONE)
            case NextStep.GIVE_UP:
                return await self._settle(call_back, CallBackState.FAILED)
        return await self._ring(call_back)

    async def _ring(self, call_back: CallBack) -> bool:
        await self._brief(call_back)
        try:
            # After a call in vain another one is wanted; after a crash, the same.
            key_of_try = f"{call_back.id}:{call_back.call_sid or ''}"
            call = await self._place_call(call_back.phone_number, idempotency_key=key_of_try)
        except (ProviderRejected, InvalidContent):
            logger.exception("call_back_refused", call_back_id=call_back.id)
            return await self._settle(call_back, CallBackState.FAILED)
        await self._call_backs.note_call(call_back, call.call_sid)
        logger.info("call_back_rung", call_back_id=call_back.id, call_sid=call.call_sid, attempts=call_back.attempts)
        return True

    async def _brief(self, call_back: CallBack) -> None:
        """Before the telephone rings: whoever takes it talks with the agent who promised it, and who knows why."""
        key = await self._call_backs.note_about(call_back, call_back_note(call_back.about))
        try:
            await self._contexts.forget(key)
            if call_back.agent_id is not None:
                active = await self._active_agents.load(key)
                version = 0 if active is None else active.version
                promised = ActiveAgent(agent_id=call_back.agent_id, agent_version=0, since=self._clock())
                await self._active_agents.save(key, promised, read_version=version)
        except StoreUnavailable:
            logger.warning("call_back_not_prepared", call_back_id=call_back.id)

    async def _settle(self, call_back: CallBack, state: CallBackState) -> bool:
        await self._call_backs.settle(call_back, state)
        logger.info("call_back_settled", call_back_id=call_back.id, state=state.value, attempts=call_back.attempts)
        count("call_backs_settled", state=state.value)
        return False

    async def _latest(self, call_back: CallBack) -> Call | None:
        if call_back.call_sid is None:
            return None
        try:
            return await self._reader.call(call_back.call_sid)
        except NotFound:
            return None

    async def _is_unwelcome(self, call_back: CallBack) -> bool:
        """Whether the user asked, here or where it was promised, for nothing more; or is nobody any more."""
        by_phone = ConversationKey(channel=VOICE_CHANNEL, user_id=call_back.phone_number)
        try:
            promised_in = await self._call_backs.promised_in(call_back)
        except NotFound:
            return True
        return await self._consent.has_opted_out(promised_in) or await self._consent.has_opted_out(by_phone)
