"""Conversations, messages and calls as the API shows them. Times are ISO 8601 in UTC."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shared.domain.agent import RouteReason
from shared.domain.call import Call, CallDirection, CallState, TranscriptSegment
from shared.domain.conversation import ConversationStatus, Speaker
from shared.domain.media import MediaState
from shared.domain.message import DeliveryStatus, MessageKind, Unanswered
from shared.http_api.fields import Time


class _View(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


class ConversationView(_View):
    """A conversation of one user on one channel."""

    id: str
    channel: str
    user_id: str
    user_name: str | None
    status: ConversationStatus
    agent_id: str | None
    started_at: Time
    last_message_at: Time
    message_count: int
    needs_attention: bool = Field(
        description="A message came too late for an answer, or one of ours did not arrive, and nothing said since did."
    )
    opted_out: bool = Field(
        description="The user asked for no more messages on this channel; until they write START, nobody may write."
    )


class StatusView(_View):
    """A report of the provider about a message of ours."""

    status: DeliveryStatus | None = Field(description="Null for a word that is not known; `reported` holds it.")
    reported: str
    at: Time
    error_code: str | None
    error_title: str | None
    part: int = Field(description="Which of its `parts` it is about, from 1.")


class PartView(_View):
    """One of the messages that a long message of ours was sent as."""

    position: int
    text: str
    status: DeliveryStatus
    provider_message_id: str | None
    error_code: str | None
    error_title: str | None
    pricing: Any
    pricing_conversation: Any


class MediaView(_View):
    """A file of a message."""

    position: int
    mime_type: str
    filename: str | None
    size_bytes: int | None
    state: MediaState = Field(description="`pending` is asked for again every hour, for a week.")
    reason: str | None = Field(description="Why it is `failed`: gone, too_large, wrong_hash, foreign_host, ...")
    transcript: str | None = Field(description="What is said in it, if it is a voice note and was understood.")
    url: str | None = Field(description="Downloads it during the next five minutes; null unless it is `stored`.")


class UsageView(_View):
    """What a reply cost: all questions to models that it took, tools and hand-overs included."""

    model: str = Field(description="The one that was asked last; empty where that is not known.")
    input_tokens: int
    output_tokens: int
    cost_microusd: int | None = Field(
        description="Millionths of a US dollar by the list price; null where nobody knows the price."
    )


class CitationView(_View):
    """A piece of an agent's knowledge, as it was called then; it may be gone since."""

    passage_id: str
    title: str
    document_id: str | None = Field(description="Null for what was not uploaded as a document.")


class MessageView(_View):
    """A turn: who said what, which agent and why, how long each stage took, what became of it."""

    id: str
    conversation_id: str
    speaker: Speaker
    kind: MessageKind
    text: str
    at: Time
    agent_id: str | None
    route_reason: RouteReason | None
    route_detail: str | None
    interrupted: bool = Field(description="The user cut the agent short; `text` holds only the words that were heard.")
    provider_message_id: str | None
    reply_to: str | None = Field(description="The provider's id of the message that it quotes.")
    answers_id: str | None = Field(description="The message that it is the reply to.")
    joined_to: str | None = Field(description="The later message that it was answered together with.")
    unanswered_because: Unanswered | None = Field(description="Why it got no reply, if it got none and will get none.")
    delivery_status: DeliveryStatus | None = Field(
        description="How far a message of ours came: as far as the least advanced of its parts."
    )
    statuses: list[StatusView] = Field(description="All that its provider reported about it, oldest first.")
    parts: list[PartView] = Field(description="The messages that it was sent as, if they were several.")
    pricing: Any = Field(description="What the provider said last about its price, if it was sent as one message.")
    pricing_conversation: Any = Field(description="The provider's own conversation that it was counted in, likewise.")
    stages_ms: dict[str, int] = Field(description="Milliseconds of each stage of the reply, by stage name.")
    usage: UsageView | None = Field(description="Null for what no model wrote, and where the user interrupted it.")
    citations: list[CitationView] = Field(description="The knowledge that the reply rests on.")
    call_sid: str | None
    start_ms: int | None = Field(description="Place in the call's recording; null on text channels.")
    end_ms: int | None
    attributes: dict[str, Any]
    media: list[MediaView] = Field(description="The files that came with it, in their order.")
    trace_id: str | None = Field(description="The trace in which it was dealt with; null where nothing was traced.")


class CallView(_View):
    """The record of one call; `id` and `call_sid` are the same."""

    id: str
    call_sid: str
    conversation_id: str
    caller_id: str
    business_id: str
    direction: CallDirection
    state: CallState
    started_at: Time
    answered_at: Time | None
    ended_at: Time | None
    end_reason: str | None
    has_recording: bool
    recording_ms: int | None
    trace_id: str | None = Field(description="The call's trace, its turns included; null where nothing was traced.")

    @classmethod
    def of(cls, call: Call) -> CallView:
        """The view of a call; the place where the recording lies stays inside."""
        return cls(**_facts(call))


class SegmentView(_View):
    """A turn of a call, in milliseconds since the media stream started."""

    speaker: Speaker
    text: str
    start_ms: int
    end_ms: int
    agent_id: str | None
    interrupted: bool


class CallDetailView(CallView):
    """A call with what was said, in order of time."""

    transcript: list[SegmentView]

    @classmethod
    def with_transcript(cls, call: Call, segments: tuple[TranscriptSegment, ...]) -> CallDetailView:
        """The view of a call and its turns."""
        return cls(**_facts(call), transcript=[SegmentView.model_validate(segment) for segment in segments])


class RecordingView(_View):
    """Where a recording can be fetched for a while without further authentication."""

    url: str
    expires_in_seconds: int
    content_type: str


# The values are those of a dataclass, named one by one so that a new field is shown only on purpose.
def _facts(call: Call) -> dict[str, Any]:
    return {
        "id": call.call_sid,
        "call_sid": call.call_sid,
        "conversation_id": call.conversation_id,
        "caller_id": call.caller_id,
        "business_id": call.business_id,
        "direction": call.direction,
        "state": call.state,
        "started_at": call.started_at,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "end_reason": call.end_reason,
        "has_recording": call.recording_key is not None,
        "recording_ms": call.recording_ms,
        "trace_id": call.trace_id,
    }
