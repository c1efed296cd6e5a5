"""What stands in an export: messages, turns and calls as lines of JSON, with or without what is personal."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from shared.domain.agent import RouteReason
from shared.domain.export import PersonalData, moment
from shared.domain.guardrails.masking import mask_text
from shared.domain.json_value import JSON
from shared.domain.reply import processing_ms

_MS = timedelta(milliseconds=1)
_HAND_OVER = re.compile(r"^from ([^:\n]+)", re.MULTILINE)


class Exported(Protocol):
    """A row that becomes a line."""

    @property
    def channel(self) -> str:
        """Where it happened."""

    @property
    def user_id(self) -> str:
        """Whose it is, as the provider names the user."""

    def fields(self, personal_data: PersonalData) -> dict[str, JSON]:
        """What its line says, whoever the user is; always the same names, in the same order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a reply took of a model."""

    model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_microusd: int | None = None

    @property
    def fields(self) -> dict[str, JSON]:
        """As a line has it."""
        return {
            "model": self.model,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cost_microusd": self.cost_microusd,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedMessage:
    """A message as it was known when its hour could be exported.

    Attributes:
        text: None where it was changed after that.
    """

    id: str
    conversation_id: str
    channel: str
    user_id: str
    direction: str
    speaker: str
    kind: str
    text: str | None
    sent_at: datetime
    stored_at: datetime
    provider_message_id: str | None = None
    reply_to: str | None = None
    agent_id: str | None = None
    route_reason: str | None = None
    interrupted: bool = False
    delivery_status: str | None = None
    error_code: str | None = None
    stages_ms: Mapping[str, int] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    citations: Sequence[JSON] = ()
    answers_id: str | None = None
    joined_to: str | None = None
    call_sid: str | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    trace_id: str | None = None

    def fields(self, personal_data: PersonalData) -> dict[str, JSON]:
        """See `Exported.fields`. The provider's ids are personal: WhatsApp's hold the number."""
        is_kept = personal_data is PersonalData.KEPT
        return {
            "message_id": self.id,
            "conversation_id": self.conversation_id,
            "direction": self.direction,
            "speaker": self.speaker,
            "kind": self.kind,
            "sent_at": moment(self.sent_at),
            "stored_at": moment(self.stored_at),
            "text": _words(self.text, personal_data),
            "characters": None if self.text is None else len(self.text),
            "agent_id": self.agent_id,
            "route_reason": self.route_reason,
            "interrupted": self.interrupted,
            "delivery_status": self.delivery_status,
            "error_code": self.error_code,
            "latency_ms": _latency_ms(self.stages_ms),
            **self.usage.fields,
            "citations": list(self.citations),
            "answers_id": self.answers_id,
            "joined_to": self.joined_to,
            "call_sid": self.call_sid,
            "start_ms": self.start_ms,
            "end_ms": self.end_ms,
            "trace_id": self.trace_id,
            "provider_message_id": self.provider_message_id if is_kept else None,
            "reply_to": self.reply_to if is_kept else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStep:
    """The use of a tool in a turn; without an outcome it was lost on the way."""

    tool: str
    agent_id: str
    begun_at: datetime
    outcome: str | None = None
    elapsed_ms: int | None = None

    @property
    def fields(self) -> dict[str, JSON]:
        """As a line has it; what the tool was told and what it answered is not in it."""
        return {
            "tool": self.tool,
            "agent_id": self.agent_id,
            "begun_at": moment(self.begun_at),
            "outcome": self.outcome,
            "elapsed_ms": self.elapsed_ms,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedTurn:
    """A message that was done with, and what became of it: its reply, or why there is none.

    Attributes:
        attempts: how often somebody began to answer it.
    """

    message_id: str
    conversation_id: str
    channel: str
    user_id: str
    received_at: datetime
    settled_at: datetime
    attempts: int = 0
    unanswered_because: str | None = None
    reply_id: str | None = None
    agent_id: str | None = None
    route_reason: str | None = None
    route_detail: str | None = None
    interrupted: bool = False
    delivery_status: str | None = None
    error_code: str | None = None
    stages_ms: Mapping[str, int] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    tools: Sequence[ToolStep] = ()
    call_sid: str | None = None
    trace_id: str | None = None

    def fields(self, personal_data: PersonalData) -> dict[str, JSON]:
        """See `Exported.fields`. What a hand-over said to the next agent tells what the user said."""
        is_handed_over = self.route_reason == RouteReason.HANDED_OVER
        detail = self.route_detail
        givers = _HAND_OVER.findall(detail or "") if is_handed_over else []
        return {
            "trace_id": self.trace_id,
            "message_id": self.message_id,
            "reply_id": self.reply_id,
            "conversation_id": self.conversation_id,
            "call_sid": self.call_sid,
            "received_at": moment(self.received_at),
            "settled_at": moment(self.settled_at),
            "attempts": self.attempts,
            "unanswered_because": self.unanswered_because,
            "agent_id": self.agent_id,
            "route_reason": self.route_reason,
            "route_detail": _words(detail, personal_data if is_handed_over else PersonalData.MASKED),
            "hand_overs": givers,
            "interrupted": self.interrupted,
            "delivery_status": self.delivery_status,
            "error_code": self.error_code,
            "latency_ms": _latency_ms(self.stages_ms),
            "stages_ms": dict(self.stages_ms),
            "tools": [step.fields for step in self.tools],
            **self.usage.fields,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedCall:
    """A call that is over."""

    call_sid: str
    conversation_id: str
    channel: str
    user_id: str
    direction: str
    state: str
    started_at: datetime
    settled_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None
    trace_id: str | None = None

    def fields(self, personal_data: PersonalData) -> dict[str, JSON]:
        """See `Exported.fields`; nothing but the user is personal."""
        del personal_data
        has_times = self.answered_at is not None and self.ended_at is not None
        return {
            "call_sid": self.call_sid,
            "conversation_id": self.conversation_id,
            "direction": self.direction,
            "state": self.state,
            "started_at": moment(self.started_at),
            "answered_at": None if self.answered_at is None else moment(self.answered_at),
            "ended_at": None if self.ended_at is None else moment(self.ended_at),
            "talked_ms": (self.ended_at - self.answered_at) // _MS if has_times else None,  # type: ignore[operator]
            "end_reason": self.end_reason,
            "settled_at": moment(self.settled_at),
            "trace_id": self.trace_id,
        }


def line_of(row: Exported, personal_data: PersonalData, *, user_hash: str) -> bytes:
    """The row as a line, with the break at its end; `user_hash` stands for the user, as in logs."""
    user_id = row.user_id if personal_data is PersonalData.KEPT else None
    said = {"channel": row.channel, "user_hash": user_hash, "user_id": user_id, **row.fields(personal_data)}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _words(text: str | None, personal_data: PersonalData) -> str | None:
    if text is None or personal_data is PersonalData.OMITTED:
        return None
    return text if personal_data is PersonalData.KEPT else mask_text(text)


def _latency_ms(stages_ms: Mapping[str, int]) -> int | None:
    return processing_ms(dict(stages_ms)) if stages_ms else None
