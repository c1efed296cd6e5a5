"""What a call session is given: the use cases, stores and engines that all calls of the process share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from shared.domain.call import StreamTicket
from shared.domain.message import InboundMessage
from shared.ports.channel import OutboundChannel
from shared.ports.messaging import EventPublisher
from shared.ports.stores import CallStore, RecordingStore
from shared.use_cases.answer_message import Answer
from shared.use_cases.open_call import OpenedCall
from stream_service.listening.transcriber import Transcriber
from stream_service.listening.vad import VoiceActivityDetector
from stream_service.speaking.synthesizer import Synthesizer
from stream_service.turn_taking import TurnTiming


class EndCall(Protocol):
    """Closes a call's record."""

    async def __call__(
        self, call_sid: str, *, slot: str, reason: str, has_failed: bool = False, caller_id: str | None = None
    ) -> None:
        """Note the end, finish the recording, give the slot back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallServices:
    """What every call session is given; built once per process."""

    open_call: Callable[[StreamTicket], Awaitable[OpenedCall]]
    answer: Callable[[InboundMessage, OutboundChannel], Awaitable[Answer | None]]
    close_call: EndCall
    calls: CallStore
    recordings: RecordingStore
    events: EventPublisher
    transcriber: Transcriber
    synthesizer: Synthesizer
    detector: VoiceActivityDetector
    timing: TurnTiming
    call_limit_seconds: int
    can_transfer: bool
