"""A phone call: its life, its transcript, and the ticket that lets its audio stream in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shared.domain.conversation import ConversationKey, Speaker

VOICE_CHANNEL = "voice"


class CallState(StrEnum):
    """RINGING: the webhook answered. LIVE: audio flows. ENDED: over as it should. FAILED: lost on the way."""

    RINGING = "ringing"
    LIVE = "live"
    ENDED = "ended"
    FAILED = "failed"


class CallDirection(StrEnum):
    """Who rang whom."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call as it is kept. `call_sid` is Twilio's id; `caller_id` the user's identity, `business_id` our number.

    `trace_id` is that of its first stream; None where nothing was traced.
    """

    call_sid: str
    conversation_id: str
    caller_id: str
    business_id: str
    direction: CallDirection
    state: CallState
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None
    recording_key: str | None = None
    recording_ms: int | None = None
    trace_id: str | None = None

    @property
    def key(self) -> ConversationKey:
        """The conversation this call belongs to."""
        return ConversationKey(channel=VOICE_CHANNEL, user_id=self.caller_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptSegment:
    """One turn of a call, placed in its recording: milliseconds since the media stream started."""

    speaker: Speaker
    text: str
    start_ms: int
    end_ms: int
    agent_id: str | None = None
    interrupted: bool = False


class ResumeReason(StrEnum):
    """Why a caller who was connected before comes back. NOBODY_REACHED: no person took the call."""

    STREAM_LOST = "stream_lost"
    NOBODY_REACHED = "nobody_reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamTicket:
    """What a single-use stream token stands for; minted by the webhook, redeemed by the stream service.

    Attributes:
        slot: the admission slot the call holds, released when the call ends.
        stream_id: which of the call's streams this is, should it have several; the latest one holds the slot.
        trace: what joins the stream to the trace of the request that minted it (`traceparent`); empty without one.
        resumes: the caller was connected before, so greet accordingly.
        resume_reason: why the caller comes back; None for one who is new.
    """

    call_sid: str
    caller_id: str
    business_id: str
    slot: str
    direction: CallDirection = CallDirection.INBOUND
    resumes: bool = False
    resume_reason: ResumeReason | None = None
    stream_id: str = ""
    trace: dict[str, str] = field(default_factory=dict)
