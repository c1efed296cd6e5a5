"""Agents and routing rules as the API shows and takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError

from shared.domain.agent import AgentProfile, RouteReason, RoutingRule, RuleKind, VoiceNotePolicy
from shared.domain.engine_name import ENGINE_NAME_PATTERN, read_engine_name
from shared.domain.routing.steps import StepOutcome
from shared.http_api import agent_examples as examples
from shared.http_api.fields import Number, PlainText, Slug, StatedTime, ToolName, Version, Whole, YesNo
from shared.ports.live_tasks import LiveTask
from shared.use_cases.try_routing import Trial, TriedRoute

_LANGUAGE_TAG = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"
LanguageTag = Annotated[str, StringConstraints(pattern=_LANGUAGE_TAG)]


def _known_engine(name: str) -> str:
    if read_engine_name(name) is None:
        raise PydanticCustomError(
            "no_engine", "Input should be bedrock, openai, local, bedrock:<model id> or openai:<model>"
        )
    return name


EngineText = Annotated[
    str, AfterValidator(_known_engine), WithJsonSchema({"type": "string", "pattern": ENGINE_NAME_PATTERN})
]


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
    greeting_interruptible: YesNo = Field(
        default=True, description="Whether a caller may speak into the greeting; false when all of it has to be heard."
    )
    language: LanguageTag = "en-IN"
    voice: PlainText = Field(default="default", min_length=1, max_length=64)
    coalesce_seconds: Whole = Field(
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
    answer_threshold: Number = Field(
        default=0.4, ge=0, le=1, description="Below this similarity the knowledge base is taken not to know."
    )
    scope: PlainText = Field(
        default="",
        max_length=1000,
        description="What it may talk about, in a sentence; it politely declines anything else. "
        "Empty: whatever its instructions allow.",
    )
    tools: list[ToolName] = Field(
        default=[],
        max_length=20,
        json_schema_extra={"uniqueItems": True},
        description="The tools that it may use: `search_knowledge`, `end_call`, `send_on_whatsapp`, "
        "`schedule_call_back`, and those defined under `/api/v1/tools`. To hand over needs no permission.",
    )
    models: list[EngineText] = Field(
        default=[],
        max_length=4,
        json_schema_extra={"uniqueItems": True},
        description="The engines that write its replies, the preferred one first: `bedrock`, `openai`, `local`, or "
        "one model, `bedrock:<model id>`, `openai:<model>`. Empty: those of the platform. An engine that cannot be "
        "used in this environment is refused.",
        examples=[["bedrock:amazon.nova-pro-v1:0", "openai"]],
    )
    is_enabled: YesNo = True

    @field_validator("tools", "models")
    @classmethod
    def _named_once(cls, names: list[str]) -> list[str]:
        if len(set(names)) < len(names):
            raise PydanticCustomError("named_twice", "Input should name each only once")
        return names

    def profile(self, agent_id: str) -> AgentProfile:
        """The agent with this id; its version is decided where it is kept."""
        lists = {"tools": tuple(self.tools), "models": tuple(self.models)}
        return AgentProfile(id=agent_id, **self.model_dump(include=set(AgentFields.model_fields)) | lists)


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
    tools: list[str]
    models: list[str]
    is_enabled: bool
    version: int


class RuleFields(_Body):
    """What a routing rule does, apart from its id."""

    kind: RuleKind
    pattern: PlainText = Field(
        default="",
        max_length=500,
        description="`keyword`: words parted by commas. `phrase`, `prefix`: the words. `regex`: an expression of RE2, "
        "up to 200 characters; it is looked for in the text without regard to case (`\\w` and `\\b` know English "
        "letters alone). `button`: the payload. `referral`: id, address, type, headline or click id of the "
        "advertisement that the user came from. `language`: BCP 47 prefixes parted by commas (`hi,ta`); what the user "
        "asked for counts, else the script of the text. `channel`: its name. `business_hours`: such as "
        "`Mon-Fri 08:00-20:00, Sat 09:00-14:00 Asia/Kolkata`, with `outside` before it for all other hours. "
        "`default`: empty.",
    )
    agent_id: Slug = Field(description="Of an agent, or `human` for a person of the team.")
    priority: Whole = Field(
        default=0,
        ge=-1000,
        le=1000,
        description="The highest wins; then `button` and `referral` before words before circumstances, then the longer "
        "pattern (of a list its longest entry), then the id. Rules of kind `default` come last.",
    )
    is_enabled: YesNo = True

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
    referral: PlainText | None = Field(
        default=None, max_length=500, description="Of the advertisement that the user came from."
    )
    user_id: PlainText | None = Field(
        default=None,
        min_length=1,
        max_length=256,
        description="Whose opt-out, takeover and active agent are looked up; without it, those of nobody.",
    )
    active_agent_id: Slug | None = Field(default=None, description="The agent who served the user before.")
    language: LanguageTag | None = Field(default=None, description="The one that the user asked for.")
    at: StatedTime | None = Field(default=None, description="When the message comes; now, if not given.")

    def trial(self) -> Trial:
        """The message."""
        return Trial(**self.model_dump())


class RoutingStepView(BaseModel):
    """What came of one step, and why."""

    model_config = ConfigDict(from_attributes=True)

    step: RouteReason
    outcome: StepOutcome
    why: str


class RoutingView(BaseModel):
    """Whom the message would reach, and why; `agent_id` is `human` for a person, and empty if nobody would answer."""

    agent_id: str
    reason: RouteReason
    detail: str
    steps: list[RoutingStepView] = Field(description="Every step in its order.")

    @classmethod
    def of(cls, tried: TriedRoute) -> RoutingView:
        """What was found out."""
        decision = tried.decision
        steps = [RoutingStepView.model_validate(step) for step in tried.steps]
        return cls(agent_id=decision.agent_id, reason=decision.reason, detail=decision.detail, steps=steps)


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
