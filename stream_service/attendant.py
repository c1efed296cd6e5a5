"""What a good receptionist does besides answering: minds the time and the silence, takes keys, ends a call politely."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from shared.domain.spoken.fixed_sentences import SentenceKind
from shared.errors import ProviderUnavailable, SpeechUnavailable
from shared.observability import count, logger
from stream_service.call_record import CallRecord
from stream_service.call_services import CallServices
from stream_service.keypad import Keypad
from stream_service.remarks import Remarks
from stream_service.silence import SilenceEvent, SilenceWatch

WARNING_SECONDS = 60
SPEECH_LOST = "speech_lost"
AGENT_ENDED = "agent_ended"
_PROMPTS = {
    SilenceEvent.FIRST_PROMPT: SentenceKind.FIRST_SILENCE_PROMPT,
    SilenceEvent.SECOND_PROMPT: SentenceKind.SECOND_SILENCE_PROMPT,
}
_SAID_IN_ANY_CASE = {SentenceKind.TAKEN_OVER, SentenceKind.TIME_NEARLY_UP, SentenceKind.TIME_UP}
# A caller who said goodbye and then thinks of something else may still say it.
_AFTERTHOUGHT_MS = 2000
_LONGEST_TO_END_SECONDS = 5
_LONGEST_GOODBYE_SECONDS = 20

Start = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


class Attendant:
    """Looks after one call.

    Args:
        order: held by whoever speaks.
        take_keys: given what the caller keyed in, once it is complete.
        start: starts a task that ends with the call.
        close: closes the stream, which makes the provider ask us what is next.
    """

    def __init__(
        self,
        services: CallServices,
        record: CallRecord,
        remarks: Remarks,
        order: asyncio.Lock,
        *,
        take_keys: Callable[[str], None],
        start: Start,
        close: Callable[[], None],
    ) -> None:
        self._record = record
        self._remarks = remarks
        self._order = order
        self._silence = SilenceWatch(prompt_seconds=services.manners.silence_prompt_seconds)
        self._keypad = Keypad()
        self._take_keys = take_keys
        self._start = start
        self._end_call = services.end_call
        self._close = close
        self._can_transfer = services.manners.can_transfer
        self._leaves_at_ms: int | None = None
        self._leaves_because = ""
        self._last_resort: asyncio.TimerHandle | None = None
        self.end_reason: str | None = None
        self.is_silenced = False
        """Whether a person has the conversation, so that nothing is said but what concerns the line itself."""

    def press(self, digit: str, now_ms: int) -> None:
        """The caller pressed a key."""
        self._take(self._keypad.press(digit, now_ms))

    def tick(self, now_ms: int, *, caller_speaks: bool, agent_audible: bool, is_working: bool) -> None:
        """Time has passed."""
        self._take(self._keypad.tick(now_ms))
        is_working = is_working or self.is_silenced
        busy = caller_speaks or self._keypad.is_collecting
        if self._leaves_at_ms is not None:
            self._leave_or_wait(now_ms, is_busy=busy or is_working)
            return
        happened = self._silence.tick(
            now_ms,
            caller_speaks=busy,
            agent_audible=agent_audible,
            is_working=is_working or self.end_reason is not None,
        )
        if happened is SilenceEvent.GOODBYE:
            self._start(self.give_up_waiting())
        elif happened is not None:
            self._start(self.remark(_PROMPTS[happened]))

    async def watch_the_time(self, limit_seconds: int) -> None:
        """A call has a longest duration: warn a minute before, say goodbye at its end, and hang up even unheard."""
        if limit_seconds > WARNING_SECONDS:
            await asyncio.sleep(limit_seconds - WARNING_SECONDS)
            self._start(self.remark(SentenceKind.TIME_NEARLY_UP))
        await asyncio.sleep(min(limit_seconds, WARNING_SECONDS))
        goodbye = self._start(self.remark(SentenceKind.TIME_UP))
        # A caller who does not stop talking keeps the floor, but not the line.
        await asyncio.wait({goodbye}, timeout=_LONGEST_GOODBYE_SECONDS)
        await self.hang_up("time_limit")

    async def remark(self, kind: SentenceKind) -> None:
        """Say one of our fixed sentences once the agent is silent."""
        async with self._order:
            await self.remark_now(kind)

    async def remark_now(self, kind: SentenceKind) -> bool:
        """The same for whoever holds the order; whether it was heard to its end."""
        if self.is_silenced and kind not in _SAID_IN_ANY_CASE:
            return False
        return await self.say_now(self._record.sentence(kind))

    async def say_now(self, text: str) -> bool:
        """Say what answers no question; whether it was heard to its end.

        A call in which even that cannot be said goes back to the provider.
        """
        try:
            return not (await self._remarks.say(text)).interrupted
        except SpeechUnavailable:
            logger.exception("remark_not_spoken", call_sid=self._record.call_sid)
            self.leave(SPEECH_LOST)
        except ProviderUnavailable:
            logger.warning("remark_cut_off", call_sid=self._record.call_sid)
        return False

    async def part(self) -> None:
        """Answer the caller's goodbye, and hang up unless something is said after it. Whoever calls holds the order."""
        await self.remark_now(SentenceKind.FAREWELL)
        self._leave_soon("farewell")

    async def conclude(self, last_words: str) -> None:
        """The agent ends the call with these words, which were heard. Whoever calls holds the order.

        An agent who said nothing does not just hang up.
        """
        if not last_words.strip():
            await self.remark_now(SentenceKind.FAREWELL)
        self._leave_soon(AGENT_ENDED)

    def stay(self) -> None:
        """Something was said after the goodbye: the call goes on."""
        self._leaves_at_ms = None

    async def give_up_waiting(self) -> None:
        """Say goodbye into the silence and hang up, unless that makes the caller speak."""
        async with self._order:
            was_heard = await self.remark_now(SentenceKind.GOODBYE_AFTER_SILENCE)
        if was_heard:
            await self.hang_up("silence")

    async def hang_up(self, reason: str) -> None:
        """End the call at the provider; where that fails, leave the stream: the provider asks, and hangs up."""
        self.end_reason = reason
        count("calls_hung_up")
        if await self._end_call(self._record.call_sid, reason=reason):
            # The provider ends the stream by itself, unless its word is lost.
            self._last_resort = asyncio.get_running_loop().call_later(_LONGEST_TO_END_SECONDS, self._close)
        else:
            self._close()

    def stop(self) -> None:
        """The stream is over."""
        if self._last_resort is not None:
            self._last_resort.cancel()

    def give_to_person(self) -> None:
        """Leave the stream, for the provider to connect a person, if there is one to be connected."""
        if self._can_transfer:
            self.leave("transfer")

    def leave(self, reason: str) -> None:
        """Leave the stream; the provider asks what is next, and is told by the state of the call."""
        self.end_reason = reason
        self._close()

    def _leave_soon(self, reason: str) -> None:
        """Hang up unless something is said within a moment."""
        self._leaves_at_ms = self._record.now_ms() + _AFTERTHOUGHT_MS
        self._leaves_because = reason

    def _leave_or_wait(self, now_ms: int, *, is_busy: bool) -> None:
        if is_busy:
            # It may become words, and somebody responds to them; a cough or the street keeps no line open.
            self._leaves_at_ms = now_ms + _AFTERTHOUGHT_MS
        elif self._leaves_at_ms is not None and now_ms >= self._leaves_at_ms:
            self._leaves_at_ms = None
            self.end_reason = self._leaves_because
            self._start(self.hang_up(self._leaves_because))

    def _take(self, keyed: str | None) -> None:
        if keyed is not None:
            self._take_keys(keyed)
