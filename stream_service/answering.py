"""The turn of a call: what the caller said becomes an answer, begun early where that is likely to pay."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from shared import tracing
from shared.domain.agent import HUMAN
from shared.domain.conversation import Conversation, ConversationStatus, Speaker
from shared.domain.message import InboundMessage
from shared.errors import PlatformError
from shared.observability import logger
from shared.use_cases.answer_message import Answer
from shared.use_cases.speak_ahead import Anticipated
from stream_service.call_record import CallRecord, ToldTurn
from stream_service.call_services import CallServices
from stream_service.caller_turn import CallerTurn
from stream_service.remarks import place_of
from stream_service.speaking.voice_channel import VoiceChannel


@dataclass(frozen=True, slots=True)
class _Guess:
    """An answer begun before it is known whether these were the caller's last words."""

    text: str
    span: tracing.Span
    task: asyncio.Task[Anticipated | None]

    def end(self, *, is_adopted: bool) -> None:
        self.span.set(is_adopted=is_adopted)
        self.span.end()


class Answering:
    """Answers one call's messages, one after the other.

    Args:
        order: held by whoever speaks.
        give_to_person: called when a person is to speak with the caller.
        on_takeover: called when a message was left to the person who has the conversation.
        conclude: called with the agent's last words, heard to their end, when the agent ends the call.
        start: runs something beside the call, which outlives it by no more than its own limit.
    """

    def __init__(
        self,
        services: CallServices,
        record: CallRecord,
        mouth: VoiceChannel,
        order: asyncio.Lock,
        *,
        give_to_person: Callable[[], None],
        on_takeover: Callable[[], None],
        conclude: Callable[[str], Awaitable[None]],
        start: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._services = services
        self._record = record
        self._mouth = mouth
        self._order = order
        self._give_to_person = give_to_person
        self._on_takeover = on_takeover
        self._conclude = conclude
        self._start = start
        self._guess: _Guess | None = None

    def anticipate(self, text: str) -> None:
        """Begin an answer to these words; nothing is heard or kept of it unless they turn out to be all."""
        if not self._services.manners.anticipates or self._order.locked() or self._guess_of(text) is not None:
            return
        self.drop_guess()
        span = tracing.begin("anticipate")
        with span.active():
            self._guess = _Guess(text, span, asyncio.create_task(self._begin(text), name="anticipate"))

    def drop_guess(self) -> None:
        """The caller goes on: what was begun answers nothing."""
        guess, self._guess = self._guess, None
        if guess is not None:
            guess.end(is_adopted=False)
            guess.task.cancel()
            self._mouth.drop_prepared()

    async def answer(self, message: InboundMessage, turn: CallerTurn) -> None:
        """Answer; return once the answer was heard, or interrupted. Whoever calls holds the order.

        Raises:
            PlatformError: not answered.
        """
        self._mouth.expect(awaited_since=turn.waits_since)
        guess = self._guess_of(message.text)
        if guess is None:
            self.drop_guess()
        self._guess = None
        if guess is not None:
            guess.end(is_adopted=True)
        anticipated = None if guess is None else await guess.task
        try:
            answer = await self._services.answer(message, self._mouth, anticipated)
        finally:
            # An answer that failed before it was delivered leaves its prepared speech behind.
            self._mouth.drop_prepared()
        if answer is not None:
            turn.answered(answer)
            await self._tell(message, answer)
            # Beside the call: to put the past in short delays no reply.
            self._start(self._shorten_past(answer.conversation))

    async def _shorten_past(self, conversation: Conversation) -> None:
        try:
            await self._services.fold_past(conversation)
        except Exception:  # noqa: BLE001 - whatever goes wrong beside a call must not end it
            logger.exception("past_not_summarised", call_sid=self._record.call_sid)

    async def _tell(self, message: InboundMessage, answer: Answer) -> None:
        if answer.delivery is None:
            if answer.conversation.status is ConversationStatus.HUMAN:
                self._on_takeover()
            return
        start_ms, end_ms = place_of(answer.delivery)
        await self._record.tell_turn(
            ToldTurn(
                speaker=Speaker.AGENT,
                text=answer.delivery.text,
                start_ms=start_ms,
                end_ms=end_ms,
                agent_id=None if answer.draft is None else answer.draft.agent_id,
                interrupted=answer.delivery.interrupted,
                stages_ms=answer.delivery.stages_ms,
                question=message.text,
                message_id=answer.message_id,
                answers_id=answer.answers_id,
            )
        )
        if answer.hand_over is not None and answer.hand_over.target == HUMAN and self._services.manners.can_transfer:
            self._give_to_person()
        elif answer.ends_call and not answer.delivery.interrupted:
            await self._conclude(answer.delivery.text)

    def _guess_of(self, text: str) -> _Guess | None:
        return self._guess if self._guess is not None and self._guess.text == text else None

    async def _begin(self, text: str) -> Anticipated | None:
        message = self._record.tentative_message(text)
        try:
            anticipated = await self._services.anticipate(message, self._record.conversation_id)
        except PlatformError:
            # The turn itself will meet the same trouble, or not; it is the one that counts.
            logger.info("answer_not_anticipated", call_sid=self._record.call_sid)
            return None
        self._mouth.prepare(anticipated.reply.chunks)
        return anticipated
