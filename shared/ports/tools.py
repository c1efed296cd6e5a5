"""What agents can do besides talking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from shared.domain.agent import AgentProfile
from shared.domain.conversation import Conversation
from shared.domain.json_value import JSON
from shared.domain.message import InboundMessage
from shared.domain.tools.http_tool import HttpTool
from shared.domain.tools.tool import ToolAnswer, ToolSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolContext:
    """On whose behalf a tool is used: the message that is being answered, and the agent who answers it.

    Attributes:
        http_tools: what operators have defined besides, as it stands in this turn.
    """

    conversation: Conversation
    message: InboundMessage
    agent: AgentProfile
    is_spoken: bool
    http_tools: tuple[HttpTool, ...] = ()


class Tool(Protocol):
    """One thing that can be done."""

    @property
    def spec(self) -> ToolSpec:
        """How a model is told of it."""

    def fits(self, context: ToolContext) -> bool:
        """Whether it can be of use here: nobody can hang up a chat."""

    async def __call__(
        self, arguments: Mapping[str, JSON], context: ToolContext, *, idempotency_key: str
    ) -> ToolAnswer:
        """Do it once for each key, however often it is asked. `arguments` fit the schema.

        What cannot be done is an answer too, with another outcome than DONE.

        Raises:
            PlatformError: not known whether it was done.
        """


class HttpToolCaller(Protocol):
    """Calls what operators have defined."""

    async def __call__(
        self,
        tool: HttpTool,
        arguments: Mapping[str, JSON],
        *,
        idempotency_key: str,
        conversation_id: str = "",
        agent_id: str = "",
    ) -> ToolAnswer:
        """Ask the tool's server, within the tool's timeout. `arguments` fit the schema.

        Whatever goes wrong is an answer too: REFUSED for what may not be sent, FAILED for what was certainly not done
        or is said to have failed, TIMED_OUT for what may have been done.
        """
