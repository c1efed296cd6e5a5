"""Tools used by hand, as RunTools uses them."""

from __future__ import annotations

from typing import Any

from shared.adapters.json_schema import JsonSchemaCheck
from shared.domain.conversation import Conversation
from shared.domain.json_value import JSON
from shared.domain.tools.tool import ToolAnswer
from shared.ports.tools import Tool, ToolContext
from tests.samples import a_message
from tests.shared.use_cases.house import an_agent

KEY = "5d0c2b1e-7a64-5f0e-9a51-0c9be0a1c001"


def asked_by(agent_id: str = "reception", *, conversation_id: str = "c1", **given: Any) -> ToolContext:
    """An agent's use of a tool while it answers a message; on the telephone if the channel is `voice`."""
    message = a_message(**given)
    return ToolContext(
        conversation=Conversation(id=conversation_id, key=message.key),
        message=message,
        agent=an_agent(agent_id),
        is_spoken=message.channel == "voice",
    )


async def use(tool: Tool, context: ToolContext, *, key: str = KEY, **arguments: JSON) -> ToolAnswer:
    """Use a tool with arguments that fit its own schema."""
    assert tool.fits(context)
    assert JsonSchemaCheck().problem(tool.spec.parameters, arguments) is None
    return await tool(arguments, context, idempotency_key=key)
