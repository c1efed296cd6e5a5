"""Agents and routing rules as the API shows and takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.domain.agent import AgentProfile, RouteReason, RoutingRule, RuleKind, VoiceNotePolicy
from shared.http_api import agent_examples as examples
from shared.http_api.fields import PlainText, Slug
from shared.ports.live_tasks import LiveTask

_LANGUAGE_TAG = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"
LanguageTag = Annotated[str, StringConstraints(pattern=_LANGUAGE_TAG)]
Version = Annotated[int, Field(ge=1)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class AgentFields(_Body):
    """What an agent is, apart from its id."""

    name: PlainText = Field(min_length=1, max_length=100)
    description: PlainText = Field(
        min_length=1, max_length=500, description="What it is for, in a sentence; other agents read it."
    )
    instructions: PlainText = Field(min_length=1, max_length=8000, description="Its system prompt.")
    greeting: PlainText = Field(max_length=500, description="What it says first in a call.")
    greeting_interruptible: bool = Field(
        default=True, description="Whether a caller may speak into the greeting; false when all of it has to be heard."
    )
    language: LanguageTag = "en-IN"
    voice: PlainText = Field(default="default", min_length=1, max_length=64)
    coalesce_seconds: int = Field(
        default=0,
        ge=0,
        le=10,
        description="Wait so long for the rest of a thought sent in several messages; 0: do not.",
    )
    voice_notes: VoiceNotePolicy = Field(
        default=VoiceNotePolicy.ON_REQUEST,
        description="When it replies with a voice note: `never`, `on_request` of the user, or also to voice notes "
        "(`mirror`).",
    )
    answer_threshold: float = Field(
        default=0.4, ge=0, le=1, description="Below this similarity the knowledge base is taken not to know."
    )
    scope: PlainText = Field(
        default="",
        max_length=1000,
        description="What it may talk about, in a sentence; it politely declines anything else. "
        "Empty: whatever its instructions allow.",
    )
    is_enabled: bool = True

    def profile(self, agent_id: str) -> AgentProfile:
        """The agent with this id; its version is decided where it is kept."""
        return AgentProfile(id=agent_id, **self.model_dump(include=set(AgentFields.model_fields)))


class NewAgent(AgentFields):
    """An agent to add."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.NEW_AGENT]})

    id: Slug


class ChangedAgent(AgentFields):
    """An agent as it shall be. `id` and `version` may be sent back; the path and `If-Match` count."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.CHANGED_AGENT]})

    id: Slug | None = None
    version: Version | None = None


class AgentView(BaseModel):
    """An agent as it is kept."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    description: str
    instructions: str
    greeting: str
    greeting_interruptible: bool
    language: str
    voice: str
    coalesce_seconds: int
    voice_notes: VoiceNotePolicy
    answer_threshold: float
    scope: str
    is_enabled: bool
    version: int


class RuleFields(_Body):
    """What a routing rule does, apart from its id."""

    kind: RuleKind
    pattern: PlainText = Field(
        default="",
        max_length=500,
        description="`keyword`: words parted by commas. `phrase`, `prefix`: the words. `button`: the payload. "
        "`channel`: its name. `default`: empty.",
    )
    agent_id: Slug
    priority: int = Field(default=0, ge=-1000, le=1000, description="The highest wins.")
    is_enabled: bool = True

    def rule(self, rule_id: str) -> RoutingRule:
        """The rule with this id; its version is decided where it is kept."""
        return RoutingRule(id=rule_id, **self.model_dump(include=set(RuleFields.model_fields)))


class NewRule(RuleFields):
    """A rule to add."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.NEW_RULE]})

    id: Slug


class ChangedRule(RuleFields):
    """A rule as it shall be. `id` and `version` may be sent back; the path and `If-Match` count."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.CHANGED_RULE]})

    id: Slug | None = None
    version: Version | None = None


class RuleView(BaseModel):
    """A routing rule as it is kept."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    kind: RuleKind
    pattern: str
    agent_id: str
    priority: int
    is_enabled: bool
    version: int


class RoutingTrial(_Body):
    """A message that somebody might send."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.TRIAL]})

    text: PlainText = Field(max_length=4096)
    channel: PlainText = Field(default="whatsapp", min_length=1, max_length=64)
    payload: PlainText | None = Field(default=None, max_length=256, description="Of a pressed button.")
    active_agent_id: Slug | None = Field(default=None, description="The agent who served the user before.")


class RoutingView(BaseModel):
    """The agent that the message would reach, and why."""

    model_config = ConfigDict(from_attributes=True)

    agent_id: str
    reason: RouteReason
    detail: str


class TicketView(BaseModel):
    """A single-use ticket for the updates socket."""

    ticket: str
    expires_in_seconds: int


class LiveTaskView(BaseModel):
    """A task of the stream service by its last report."""

    model_config = ConfigDict(from_attributes=True)

    task_id: str
    active_calls: int
    capacity: int
    loop_lag_ms: float
    is_draining: bool


class LiveView(BaseModel):
    """All tasks; a draining one counts its calls, but offers no capacity."""

    active_calls: int
    capacity: int
    tasks: list[LiveTaskView]

    @classmethod
    def of(cls, tasks: Sequence[LiveTask]) -> LiveView:
        """The tasks with their sums."""
        return cls(
            active_calls=sum(task.active_calls for task in tasks),
            capacity=sum(task.capacity for task in tasks if not task.is_draining),
            tasks=[LiveTaskView.model_validate(task) for task in tasks],
        )
