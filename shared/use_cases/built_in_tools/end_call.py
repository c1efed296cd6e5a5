"""An agent ends the call, once its last words were heard."""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.call import VOICE_CHANNEL
from shared.domain.json_value import JSON
from shared.domain.tools.tool import ToolAnswer, ToolSpec
from shared.ports.tools import ToolContext

_SPEC = ToolSpec(
    name="end_call",
    description=(
        "Hang up after your next words. Use it only when the caller has what they wanted, or asks you to hang up; "
        "then say a short goodbye. If the caller goes on speaking, the call goes on."
    ),
    parameters={"type": "object", "properties": {}, "additionalProperties": False},
)
_TOLD = ToolAnswer(text="The call ends after your next words. Say a short goodbye and nothing else.", ends_call=True)


class EndTheCall:
    """Tells the call that it is over; whoever looks after the call hangs up."""

    @property
    def spec(self) -> ToolSpec:
        """How a model is told of it."""
        return _SPEC

    def fits(self, context: ToolContext) -> bool:
        """Whether there is a call to end."""
        return context.message.channel == VOICE_CHANNEL

    async def __call__(
        self,
        arguments: Mapping[str, JSON],  # noqa: ARG002 - there are none
        context: ToolContext,  # noqa: ARG002 - the turn knows its call
        *,
        idempotency_key: str,  # noqa: ARG002 - a call ends once
    ) -> ToolAnswer:
        """Mark the turn as the last one."""
        return _TOLD
