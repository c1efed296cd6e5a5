"""Who is heard: the agent's voice as the caller meets it, and what the caller's own does to it."""

from __future__ import annotations

import asyncio

from shared.domain.agent import AgentProfile
from shared.observability import count, logger
from stream_service.call_record import CallRecord
from stream_service.call_services import Manners
from stream_service.interruption import is_meant
from stream_service.speaking.voice_channel import VoiceChannel
from stream_service.turn_taking import AgentVoice


class Floor:
    """The floor of one call, as far as the agent has a claim to it.

    Args:
        order: held by whoever speaks for the agent.
    """

    def __init__(
        self,
        record: CallRecord,
        mouth: VoiceChannel,
        order: asyncio.Lock,
        manners: Manners,
        greeter: AgentProfile | None,
    ) -> None:
        self._record = record
        self._mouth = mouth
        self._order = order
        self._manners = manners
        self._greeter = greeter
        self._greeting: asyncio.Task[None] | None = None

    def open_with(self, greeting: asyncio.Task[None]) -> None:
        """The call begins with the greeting that this task speaks."""
        self._greeting = greeting

    @property
    def agent_voice(self) -> AgentVoice:
        """What the caller hears of the agent at this moment."""
        if not self._mouth.is_audible:
            return AgentVoice.SILENT
        if self._greeting is None or self._greeting.done():
            return AgentVoice.AUDIBLE
        if self._greeter is not None and not self._greeter.greeting_interruptible:
            return AgentVoice.UNINTERRUPTIBLE
        return AgentVoice.GUARDED if self._mouth.speech_ms < self._manners.greeting_guard_ms else AgentVoice.AUDIBLE

    def take(self) -> None:
        """The caller speaks, so the agent does not, unless it has to be heard out."""
        if self.agent_voice is not AgentVoice.UNINTERRUPTIBLE:
            self._mouth.hold()

    def interrupt(self) -> None:
        """The caller has said words that want it, and still speaks."""
        self.take()
        if self._mouth.is_held:
            self._mouth.interrupt()

    def give_back(self, *, is_meant: bool) -> None:
        """The caller is done: what the agent was saying is given up, or goes on after a cough, an echo, an "uh-huh"."""
        if is_meant and self._mouth.is_held:
            self._mouth.interrupt()
        elif self.is_disputed:
            count("false_interruptions")
            logger.info("interruption_not_meant", call_sid=self._record.call_sid)
        self._mouth.go_on()

    @property
    def is_disputed(self) -> bool:
        """Whether the caller keeps the agent from speaking on."""
        return self._mouth.is_held and self._order.locked()

    def is_meant(self, text: str) -> bool:
        """Whether the caller's words want it."""
        return is_meant(
            text,
            language=self._record.language,
            spoken=self._mouth.spoken_text,
            is_closing=self._mouth.is_closing,
            min_words=self._manners.interruption_min_words,
        )
