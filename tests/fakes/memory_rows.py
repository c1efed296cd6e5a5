"""The rows that the fakes of history and calls share, as the tables of the database are shared."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared import tracing
from shared.domain.agent import Citation, RoutingDecision
from shared.domain.call import Call
from shared.domain.conversation import ConversationKey, ConversationStatus, Speaker
from shared.domain.json_value import JSON
from shared.domain.message import ChannelNotice, DeliveryStatus, MessageKind, ReplyPart, StatusUpdate, Unanswered
from shared.domain.prompt import TokenUsage
from shared.domain.reply import HeldReply


@dataclass(slots=True, kw_only=True)
class ConversationRow:
    """A conversation as it is kept."""

    id: str
    key: ConversationKey
    status: ConversationStatus
    started_at: datetime
    last_message_at: datetime
    last_activity_at: datetime
    agent_id: str | None = None
    summary: str = ""
    summarised_until: int = 0


@dataclass(slots=True, kw_only=True)
class MessageRow:
    """A turn as it is kept; `state` is None for what needs no answer."""

    id: str
    conversation_id: str
    key: ConversationKey
    speaker: Speaker
    kind: MessageKind
    text: str
    at: datetime
    state: str | None = None
    fence: int = 0
    lease_until: datetime | None = None
    unanswered: Unanswered | None = None
    joined_to: str | None = None
    reply_to: str | None = None
    answers_id: str | None = None
    agent_id: str | None = None
    route: RoutingDecision | None = None
    interrupted: bool = False
    business_id: str = ""
    provider_message_id: str | None = None
    provider_message_ids: tuple[str, ...] = ()
    delivery_id: str | None = None
    delivery_status: DeliveryStatus | None = None
    parts: tuple[ReplyPart, ...] = ()
    stages_ms: dict[str, int] = field(default_factory=dict)
    usage: TokenUsage | None = None
    citations: tuple[Citation, ...] = ()
    call_sid: str | None = None
    position: str | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    attributes: dict[str, JSON] = field(default_factory=dict)
    trace_id: str | None = field(default_factory=lambda: tracing.trace_id() or None)


class MemoryRows:
    """Everything that was kept, in order of arrival."""

    def __init__(self, clock: Callable[[], datetime], *, conversation_gap_hours: int = 24) -> None:
        self.clock = clock
        self.gap = timedelta(hours=conversation_gap_hours)
        self.user_names: dict[ConversationKey, str] = {}
        self.opted_out: set[ConversationKey] = set()
        self.reply_forms: dict[ConversationKey, str] = {}
        self.conversations: dict[str, ConversationRow] = {}
        self.messages: list[MessageRow] = []
        self.held_replies: dict[str, HeldReply] = {}
        self.statuses: list[StatusUpdate] = []
        self.notices: list[ChannelNotice] = []
        self.calls: dict[str, Call] = {}
        self.call_agents: dict[str, str] = {}

    def latest_conversation(self, key: ConversationKey) -> ConversationRow | None:
        """The user's conversation with the latest message."""
        own = (row for row in self.conversations.values() if row.key == key)
        return max(own, key=lambda row: (row.last_message_at, row.started_at), default=None)

    def find_or_open(self, key: ConversationKey, at: datetime) -> ConversationRow:
        """The conversation that something said at `at` belongs to."""
        latest = self.latest_conversation(key)
        if latest and latest.status is not ConversationStatus.CLOSED and at - latest.last_message_at < self.gap:
            return latest
        row = ConversationRow(
            id=str(uuid.uuid4()),
            key=key,
            status=ConversationStatus.OPEN,
            started_at=at,
            last_message_at=at,
            last_activity_at=self.clock(),
        )
        self.conversations[row.id] = row
        return row

    def add(self, message: MessageRow) -> None:
        """Keep a turn and note it in its conversation."""
        self.messages.append(message)
        conversation = self.conversations[message.conversation_id]
        conversation.last_message_at = max(conversation.last_message_at, message.at)
        conversation.last_activity_at = self.clock()
        conversation.agent_id = message.agent_id or conversation.agent_id
        if message.call_sid is not None and message.agent_id is not None:
            self.call_agents[message.call_sid] = message.agent_id

    def unfinished(self, conversation_id: str) -> list[MessageRow]:
        """What is still being answered, with what is answered together with it."""
        asked = {row.id for row in self.messages if row.state not in (None, "done")}
        own = [row for row in self.messages if row.conversation_id == conversation_id]
        return [row for row in own if row.id in asked or row.joined_to in asked]

    def turns(self, conversation_id: str) -> list[MessageRow]:
        """A conversation's turns in the order they were said; sorting keeps the order of arrival."""
        own = [row for row in self.messages if row.conversation_id == conversation_id]
        return sorted(own, key=lambda row: row.at)
