"""What becomes of a turn of the caller: an agent's answer, another language, a goodbye."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from shared.domain.conversation import Speaker
from shared.domain.json_value import JSON
from shared.domain.message import InboundMessage
from shared.domain.spoken.farewells import is_farewell
from shared.domain.spoken.fixed_sentences import SentenceKind
from shared.domain.spoken.language_requests import requested_language
from shared.errors import PlatformError, SpeechUnavailable
from shared.observability import logger
from stream_service.answering import Answering
from stream_service.attendant import Attendant
from stream_service.call_record import CallRecord, ToldTurn
from stream_service.caller_turn import CallerTurn, TurnOutcome
from stream_service.listening.transcriber import TranscriptionStream
from stream_service.remarks import Remarks
from stream_service.speaking.voice_channel import VoiceChannel


class Responding:
    """Responds to one call's turns. Whoever calls its methods holds the order of speaking.

    Args:
        is_cut_off: whether the line broke, so that nothing said now is heard.
        start: runs something beside the call.
    """

    def __init__(
        self,
        record: CallRecord,
        ear: TranscriptionStream,
        mouth: VoiceChannel,
        remarks: Remarks,
        *,
        answering: Answering,
        attendant: Attendant,
        is_cut_off: Callable[[], bool],
        start: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._record = record
        self._ear = ear
        self._mouth = mouth
        self._remarks = remarks
        self._answering = answering
        self._attendant = attendant
        self._is_cut_off = is_cut_off
        self._start = start

    async def respond(self, text: str, turn: CallerTurn, attributes: dict[str, JSON]) -> None:
        """Do what the caller's words ask for; return once the response was heard, or interrupted."""
        self._attendant.stay()
        told = ToldTurn(speaker=Speaker.USER, text=text, start_ms=turn.start_ms, end_ms=turn.end_ms)
        # Beside the answer, which it must not delay.
        self._start(self._record.tell_turn(told))
        if self._attendant.is_silenced:
            # A person has the conversation, and reads this there.
            await self.answer(self._message(text, turn, attributes), turn)
            return
        language = requested_language(text)
        if language is not None and language != self._record.language:
            turn.outcome = TurnOutcome.LANGUAGE_CHANGED
            await self._remarks.keep_of_caller(text, start_ms=turn.start_ms, end_ms=turn.end_ms)
            await self._change_language(language)
        elif is_farewell(text, self._record.language):
            turn.outcome = TurnOutcome.FAREWELL
            await self._remarks.keep_of_caller(text, start_ms=turn.start_ms, end_ms=turn.end_ms)
            await self._attendant.part()
        else:
            await self.answer(self._message(text, turn, attributes), turn)

    def _message(self, text: str, turn: CallerTurn, attributes: dict[str, JSON]) -> InboundMessage:
        return self._record.message(text, {"start_ms": turn.start_ms, "end_ms": turn.end_ms, **attributes})

    async def answer(self, message: InboundMessage, turn: CallerTurn) -> None:
        """Let an agent answer; a turn that fails is apologised for."""
        try:
            await self._answering.answer(message, turn)
        except PlatformError as error:
            if self._is_cut_off():
                # The turn is left for the stream on which the caller comes back.
                turn.outcome = TurnOutcome.CUT_OFF
                logger.warning("turn_cut_off", call_sid=self._record.call_sid)
                return
            turn.failed(error)
            logger.exception("turn_failed", call_sid=self._record.call_sid)
            await self._attendant.remark_now(SentenceKind.TROUBLE)

    async def _change_language(self, language: str) -> None:
        """Hear, think and speak in another language from now on."""
        try:
            await self._ear.use_language(language)
        except SpeechUnavailable:
            logger.exception("language_not_changed", call_sid=self._record.call_sid, language=language)
            await self._attendant.remark_now(SentenceKind.TROUBLE)
            return
        logger.info("language_changed", call_sid=self._record.call_sid, language=language)
        self._record.use_language(language)
        self._mouth.use_language(language)
        await self._attendant.remark_now(SentenceKind.LANGUAGE_CHANGED)
