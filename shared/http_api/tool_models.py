"""Tools, and what agents did with them, as the API shows and takes them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.domain.tools.http_tool import LONGEST_URL, HttpMethod, HttpTool
from shared.domain.tools.tool import ToolOutcome
from shared.http_api import tool_examples as examples
from shared.http_api.fields import PlainText, Time, ToolName, Version, Whole, YesNo

SecretName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9/_+=.@-]{0,127}$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class ToolFields(_Body):
    """What an HTTP tool is, apart from its name."""

    description: PlainText = Field(
        min_length=1, max_length=1000, description="What it does and when to use it; the model reads it."
    )
    method: HttpMethod = Field(
        default=HttpMethod.GET, description="Arguments travel in the query of a GET, in a JSON body of all others."
    )
    url: PlainText = Field(
        max_length=LONGEST_URL,
        description="An https address of a host that TOOL_HOSTS lists. `{name}` in its path or query stands for the "
        "required parameter of that name.",
    )
    parameters: dict[str, Any] = Field(
        description="JSON Schema (draft 2020-12) of an object: what it is called with. No `$ref`, no "
        "`patternProperties`; patterns as in RE2."
    )
    secret_name: SecretName | None = Field(
        default=None, description="The secret that proves who asks, without the prefix of TOOL_SECRET_PREFIX."
    )
    timeout_ms: Whole = Field(default=5000, ge=100, le=10_000, description="On the phone no tool gets more than 3.8 s.")
    is_enabled: YesNo = True

    def tool(self, tool_id: str) -> HttpTool:
        """The tool with this name; its version is decided where it is kept."""
        return HttpTool(id=tool_id, **self.model_dump(include=set(ToolFields.model_fields)))


class NewTool(ToolFields):
    """A tool to add; its `id` is its name as models and agents know it."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.NEW_TOOL]})

    id: ToolName


class ChangedTool(ToolFields):
    """A tool as it shall be. `id` and `version` may be sent back; the path and `If-Match` count."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.CHANGED_TOOL]})

    id: ToolName | None = None
    version: Version | None = None


class ToolView(BaseModel):
    """An HTTP tool as it is kept."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    description: str
    method: HttpMethod
    url: str
    parameters: dict[str, Any]
    secret_name: str | None
    timeout_ms: int
    is_enabled: bool
    version: int


class ToolTest(_Body):
    """Arguments to try a tool with."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.TRIAL]})

    arguments: dict[str, Any] = Field(default={})


class ToolTestView(BaseModel):
    """What a model would be told, and how long it took."""

    outcome: ToolOutcome
    answer: str
    elapsed_ms: int


class ToolCallView(BaseModel):
    """One use of a tool by an agent."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: str = Field(description="The idempotency key that the tool was called with.")
    message_id: str = Field(description="The provider's id of the message that was being answered.")
    agent_id: str
    tool: str
    arguments: dict[str, Any] = Field(description="Secrets are masked, long texts are cut.")
    outcome: ToolOutcome | None = Field(description="Null while it runs, or when its process was lost meanwhile.")
    answer: str
    elapsed_ms: int | None
    begun_at: Time
