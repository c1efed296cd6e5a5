"""What a call session is given: the use cases, stores and engines that all calls of the process share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from shared.domain.call import StreamTicket
from shared.domain.conversation import Conversation
from shared.domain.event import PlatformEvent
from shared.domain.message import InboundMessage
from shared.ports.channel import OutboundChannel
from shared.ports.messaging import EventPublisher
from shared.ports.stores import CallStore, RecordingStore
from shared.use_cases.answer_message import Answer as AnswerOfTurn
from shared.use_cases.open_call import OpenedCall
from shared.use_cases.speak_ahead import Anticipated
from stream_service.listening.transcriber import Transcriber
from stream_service.listening.vad import VoiceActivityDetector
from stream_service.speaking.synthesizer import Synthesizer
from stream_service.turn_taking import TurnTiming


class Answer(Protocol):
    """Answers a message into a channel."""

    async def __call__(
        self, message: InboundMessage, channel: OutboundChannel, anticipated: Anticipated | None = None
    ) -> AnswerOfTurn | None:
        """Return once the answer was heard, or interrupted; None when it had been answered before."""


class Listen(Protocol):
    """Hears what happens in a conversation, wherever it is done."""

    def __call__(self, conversation_id: str, listener: Callable[[PlatformEvent], None]) -> Callable[[], None]:
        """Call the listener with each event from now on, on the event loop; returns what ends that."""


class CloseCall(Protocol):
    """Closes a call's record."""

    async def __call__(
        self,
        call_sid: str,
        *,
        slot: str,
        reason: str,
        has_failed: bool = False,
        caller_id: str | None = None,
        stream_id: str = "",
    ) -> None:
        """Note the end, finish the recording, give the slot back."""


class EndCall(Protocol):
    """Hangs up at the provider."""

    async def __call__(self, call_sid: str, *, reason: str) -> bool:
        """Note the end and hang up; False when the provider could not be made to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How the agent behaves on the telephone.

    Attributes:
        call_limit_seconds: longest call.
        silence_prompt_seconds: silence of both sides after which the caller is asked for; 0 for never.
        filler_after_ms: silence in mid-turn after which the agent asks for patience; 0 for never.
        greeting_guard_ms: beginning of a greeting in which only longer speech interrupts, for the line may echo.
        interruption_min_words: words that show that the caller means to interrupt.
        anticipates: whether answers are begun while the turn may not be over.
        can_transfer: whether there is a person to connect callers to.
    """

    call_limit_seconds: int = 1800
    silence_prompt_seconds: int = 10
    filler_after_ms: int = 1200
    greeting_guard_ms: int = 3000
    interruption_min_words: int = 1
    anticipates: bool = True
    can_transfer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallServices:
    """What every call session is given; built once per process."""

    open_call: Callable[[StreamTicket], Awaitable[OpenedCall]]
    anticipate: Callable[[InboundMessage, str], Awaitable[Anticipated]]
    answer: Answer
    fold_past: Callable[[Conversation], Coroutine[Any, Any, None]]
    close_call: CloseCall
    end_call: EndCall
    calls: CallStore
    recordings: RecordingStore
    events: EventPublisher
    listen: Listen
    transcriber: Transcriber
    synthesizer: Synthesizer
    detector: VoiceActivityDetector
    timing: TurnTiming
    manners: Manners
