"""Reading what happened: conversations, messages and calls, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from shared.domain.agent import Citation, RouteReason
from shared.domain.call import Call, CallState, TranscriptSegment
from shared.domain.conversation import ConversationStatus, Speaker
from shared.domain.json_value import JSON
from shared.domain.media import LinkedMedia
from shared.domain.message import DeliveryStatus, MessageKind, Unanswered
from shared.domain.outcome import Outcome
from shared.domain.prompt import TokenUsage

Item = TypeVar("Item")
PAGE_LIMIT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    """Some items in order, and the cursor of the next page; None when this is the last.

    A page of a search (`HistoryFilter.text`, `needs_attention`) looks at so many places and no more: it may hold few
    items, or none, and not be the last.
    """

    items: tuple[Item, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFilter:
    """Which conversations or calls to list; what is None does not matter. `since` is included, `until` is not.

    Attributes:
        user_id: any identity of the user, also one that was joined to the one that conversations are kept under.
        needs_attention: of conversations only; see `ConversationSummary`.
        call_states: of calls only; any of these, or any at all when there are none.
    """

    user_id: str | None = None
    channel: str | None = None
    agent_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    status: ConversationStatus | None = None
    text: str | None = None
    needs_attention: bool | None = None
    call_states: tuple[CallState, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationSummary:
    """A conversation in a list.

    Attributes:
        needs_attention: a message came too late to be answered, or one of ours did not arrive, and nothing that was
            said since arrived.
        opted_out: its user wants nothing to be sent on this channel.
    """

    id: str
    channel: str
    user_id: str
    user_name: str | None
    status: ConversationStatus
    agent_id: str | None
    started_at: datetime
    last_message_at: datetime
    message_count: int
    needs_attention: bool = False
    opted_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """What the provider reported about a message of ours.

    Attributes:
        status: None for a word that we do not know; `reported` keeps it.
        at: when it happened, by the provider's clock; where the provider does not say, when the report came.
        part: which of the messages that ours was sent as, from 1.
    """

    status: DeliveryStatus | None
    reported: str
    at: datetime
    error_code: str | None
    error_title: str | None
    part: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPart:
    """One of the messages that a message of ours was sent as."""

    position: int
    text: str
    status: DeliveryStatus
    provider_message_id: str | None
    error_code: str | None
    error_title: str | None
    pricing: JSON
    pricing_conversation: JSON

    @classmethod
    def of(cls, outcome: Outcome) -> StoredPart:
        """The part whose outcome it is."""
        return cls(
            position=outcome.part.position,
            text=outcome.part.text,
            status=outcome.part.status,
            provider_message_id=outcome.part.provider_message_id,
            error_code=outcome.part.error_code,
            error_title=outcome.error_title,
            pricing=outcome.pricing,
            pricing_conversation=outcome.conversation,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """A turn as it is kept, with how it came about and what became of it.

    Attributes:
        reply_to: the provider's id of the message that it quotes.
        answers_id: the message that it is the reply to.
        joined_to: the later message that it was answered together with.
        unanswered_because: why it got no reply, if it was dealt with and got none.
        statuses: everything that was reported about it, oldest first.
        parts: the messages that it was sent as, if they were several.
        pricing, pricing_conversation: what the provider said last about what it costs, if it was one.
        stages_ms: milliseconds of each stage of the reply, by stage name.
        usage: what its models read and wrote, and what that cost; None where none was asked, or none told.
        citations: the knowledge that it rests on.
        start_ms, end_ms: place in the call's recording; None on text channels.
        trace_id: the trace in which it was dealt with or came about; None where nothing was traced.
    """

    id: str
    conversation_id: str
    speaker: Speaker
    kind: MessageKind
    text: str
    at: datetime
    agent_id: str | None
    route_reason: RouteReason | None
    route_detail: str | None
    interrupted: bool
    provider_message_id: str | None
    reply_to: str | None
    answers_id: str | None
    joined_to: str | None
    unanswered_because: Unanswered | None
    delivery_status: DeliveryStatus | None
    statuses: tuple[StatusReport, ...]
    parts: tuple[StoredPart, ...]
    pricing: JSON
    pricing_conversation: JSON
    stages_ms: dict[str, int]
    call_sid: str | None
    start_ms: int | None
    end_ms: int | None
    attributes: dict[str, JSON]
    usage: TokenUsage | None = None
    citations: tuple[Citation, ...] = ()
    trace_id: str | None = None
    # Added for those who may see them; a reader leaves them out.
    media: tuple[LinkedMedia, ...] = ()


class HistoryReader(Protocol):
    """Looks things up; newest first, except messages, which come in the order they were said."""

    async def conversations(
        self, wanted: HistoryFilter, *, cursor: str | None, limit: int
    ) -> Page[ConversationSummary]:
        """A page of conversations by last message.

        Raises:
            InvalidRequest: the cursor is not one of ours.
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def conversation(self, conversation_id: str) -> ConversationSummary:
        """One conversation.

        Raises:
            NotFound: no such conversation.
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def messages(self, conversation_id: str, *, cursor: str | None, limit: int) -> Page[StoredMessage]:
        """A page of a conversation's turns.

        Raises:
            NotFound: no such conversation.
            InvalidRequest: the cursor is not one of ours.
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def calls(self, wanted: HistoryFilter, *, cursor: str | None, limit: int) -> Page[Call]:
        """A page of calls by start.

        Raises:
            InvalidRequest: the cursor is not one of ours.
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def call(self, call_sid: str) -> Call:
        """One call.

        Raises:
            NotFound: no such call.
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def transcript(self, call_sid: str) -> tuple[TranscriptSegment, ...]:
        """The call's turns in order of time.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """
