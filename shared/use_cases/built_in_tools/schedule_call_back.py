"""An agent promises to ring the user later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from shared.domain.call import VOICE_CHANNEL
from shared.domain.call_back import (
    LONGEST_ABOUT,
    LONGEST_AHEAD,
    MOST_PENDING,
    CallBack,
    WhoRings,
    is_too_early,
    is_too_late,
    phone_number_of,
    read_moment,
)
from shared.domain.json_value import JSON
from shared.domain.message import InboundMessage
from shared.domain.tools.tool import ToolAnswer, ToolOutcome, ToolSpec
from shared.observability import count, logger
from shared.ports.call_backs import CallBacks
from shared.ports.tools import ToolContext

# On these the user's identity is a telephone number, unless the provider hides it.
_CHANNELS_OF_NUMBERS = frozenset({VOICE_CHANNEL, "whatsapp", "twilio-whatsapp"})
_SPEC = ToolSpec(
    name="schedule_call_back",
    description=(
        "Promise the user a telephone call by one of our agents at a later time. Use it only when the user asked for "
        "one and the time is clear. Tell the user the time that the answer names."
    ),
    parameters={
        "type": "object",
        "properties": {
            "when": {
                "type": "string",
                "maxLength": 40,
                "description": (
                    "When to ring: ISO 8601, as 2026-03-02T15:30 by the clock of the business or with an offset, or "
                    "as a duration from now: PT10M is in ten minutes, P1D tomorrow at this time."
                ),
            },
            "about": {
                "type": "string",
                "minLength": 1,
                "maxLength": LONGEST_ABOUT,
                "description": "What the call is about, for the agent who will ring, in one or two sentences.",
            },
            "phone_number": {
                "type": "string",
                "maxLength": 30,
                "description": "With country code, as +919800000001; only where the user's own number is not known.",
            },
        },
        "required": ["when", "about"],
        "additionalProperties": False,
    },
)


class ScheduleCallBack:
    """Keeps the promise for the job that rings.

    Args:
        zone: the clock of the business.
        can_ring: whether there is a number of ours to ring from.
    """

    def __init__(self, call_backs: CallBacks, clock: Callable[[], datetime], *, zone: ZoneInfo, can_ring: bool) -> None:
        self._call_backs = call_backs
        self._clock = clock
        self._zone = zone
        self._can_ring = can_ring

    @property
    def spec(self) -> ToolSpec:
        """How a model is told of it."""
        return _SPEC

    def fits(self, context: ToolContext) -> bool:  # noqa: ARG002 - anybody may want to be rung
        """Whether the promise could be kept."""
        return self._can_ring

    async def __call__(
        self, arguments: Mapping[str, JSON], context: ToolContext, *, idempotency_key: str
    ) -> ToolAnswer:
        """Promise it, unless the time or the number does not do.

        Raises:
            StoreUnavailable: not known whether it is promised.
        """
        now = self._clock()
        due_at = read_moment(str(arguments["when"]), zone=self._zone, now=now)
        problem = self._problem(due_at, now)
        if due_at is None or problem:
            return _refused(problem)
        number = own_number(context.message) or phone_number_of(str(arguments.get("phone_number", "")))
        if number is None:
            return _refused("The user's telephone number is not known. Ask for it, with the country code.")
        if await self._call_backs.pending(number, besides=idempotency_key) >= MOST_PENDING:
            return _refused(f"{MOST_PENDING} calls to this number are promised already; no more can be.")
        kept = await self._call_backs.promise(
            CallBack(
                id=idempotency_key,
                conversation_id=context.conversation.id,
                wanted=WhoRings.AGENT,
                agent_id=context.agent.id,
                phone_number=number,
                about=str(arguments["about"]),
                due_at=due_at,
            )
        )
        logger.info("call_back_promised", call_back_id=kept.id, due_in_seconds=round((due_at - now).total_seconds()))
        count("call_backs_promised", wanted=kept.wanted.value)
        return ToolAnswer(text=f"Promised: we ring {_hidden(number)} on {self._told(kept.due_at)}.")

    def _problem(self, due_at: datetime | None, now: datetime) -> str:
        """Why it cannot be then; empty if it can. A model has no clock: it is told the time, to say it better."""
        clock = f"By the clock of the business it is now {self._told(now)}."
        if due_at is None:
            return f"The time cannot be read. Give it like 2026-03-02T15:30, or PT10M for in ten minutes. {clock}"
        if is_too_early(due_at, now=now):
            return f"{self._told(due_at)} has passed. {clock}"
        if is_too_late(due_at, now=now):
            return f"That is too far ahead; at most {LONGEST_AHEAD // timedelta(days=1)} days can be promised. {clock}"
        return ""

    def _told(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):%A, %Y-%m-%d %H:%M} ({self._zone.key})"


def own_number(message: InboundMessage) -> str | None:
    """The number that the user writes or rings from, as far as the channel shows it."""
    if message.channel not in _CHANNELS_OF_NUMBERS:
        return None
    return phone_number_of(message.user_id) or phone_number_of(message.address)


def _refused(why: str) -> ToolAnswer:
    return ToolAnswer(text=f"Not promised. {why}", outcome=ToolOutcome.REFUSED)


def _hidden(number: str) -> str:
    """As much of a number as tells its owner which one it is."""
    return f"the number ending in {number[-4:]}"
