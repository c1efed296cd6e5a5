"""What a scenario says: who does what, and what must and must not come of it. The fields are those of the files."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Channel = Literal["whatsapp", "twilio-whatsapp", "voice"]
Status = Literal["open", "human", "closed"]
Reason = Literal["opted_out", "human", "rule", "sticky", "meaning", "default", "handed_over"]
Seconds = Annotated[float, Meta(gt=0, le=120)]
Milliseconds = Annotated[int, Meta(gt=0, le=120_000)]
Amount = Annotated[int, Meta(ge=1, le=50)]
HttpStatus = Annotated[int, Meta(ge=200, le=599)]
Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{1,60}$")]

TEXT_PATIENCE_SECONDS = 20.0
VOICE_PATIENCE_SECONDS = 20.0


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A wrong key is an error."""


class Words(_Strict, frozen=True, kw_only=True):
    """What a text must and must not hold; upper and lower case are the same."""

    contains: Annotated[tuple[str, ...], Meta(description="All of them.")] = ()
    any_of: Annotated[tuple[str, ...], Meta(description="At least one of them.")] = ()
    none_of: Annotated[tuple[str, ...], Meta(description="None of them.")] = ()
    matches: Annotated[str, Meta(description="A regular expression that is found in it.")] = ""
    is_exactly: Annotated[str, Meta(description="The whole text.")] = ""

    def __post_init__(self) -> None:
        """Check the expression.

        Raises:
            ValueError: it is none, or nothing is asked.
        """
        try:
            re.compile(self.matches)
        except re.error as error:
            raise ValueError(f"`matches` is no regular expression: {error}") from error
        if not any((self.contains, self.any_of, self.none_of, self.matches, self.is_exactly)):
            raise ValueError("nothing is asked of the words")


class HistoryTurn(_Strict, frozen=True, kw_only=True):
    """A turn that the conversation's history must hold."""

    speaker: Literal["user", "agent", "system", "human"]
    text: Words | None = None
    agent: str = ""
    interrupted: bool | None = None
    unanswered: Annotated[str, Meta(description="Why it got no reply.")] = ""


class Event(_Strict, frozen=True, kw_only=True):
    """A live update about this conversation that a front end must have been told."""

    type: str
    data: Annotated[dict[str, Any], Meta(description="Fields that it must have, with their values.")] = {}


class Expected(_Strict, frozen=True, kw_only=True):
    """What must come of a step. What is not named is not looked at, but an answer is waited for in any case."""

    reply: Annotated[Words | None, Meta(description="The words of the answer, all of its messages joined.")] = None
    heard: Annotated[Words | None, Meta(description="What is recognised in the audio of the answer (voice).")] = None
    within_seconds: Annotated[Seconds | None, Meta(description="The answer comes no later.")] = None
    no_reply_seconds: Annotated[Seconds | None, Meta(description="Nothing is sent to the user for so long.")] = None
    replies: Annotated[Amount | None, Meta(description="How many messages answer.")] = None
    most_replies: Annotated[Amount | None, Meta(description="How many messages answer at most.")] = None
    kind: Annotated[str, Meta(description="Of the message that answers: text, audio, interactive, ...")] = ""
    agent: Annotated[str, Meta(description="Who answers.")] = ""
    not_agent: Annotated[str, Meta(description="Who does not.")] = ""
    route_reason: Reason | None = None
    route_detail: Annotated[str, Meta(description="Is found in what explains the route.")] = ""
    status: Annotated[Status | None, Meta(description="Of the conversation.")] = None
    opted_out: bool | None = None
    needs_attention: bool | None = None
    tools: Annotated[tuple[str, ...] | None, Meta(description="Exactly these tools were used, in order.")] = None
    cites: Annotated[tuple[str, ...], Meta(description="Found in titles of passages that the reply rests on.")] = ()
    unanswered: Annotated[str, Meta(description="Why the message got no reply, as its history says.")] = ""
    understood: Annotated[Words | None, Meta(description="What the user said, as the history has it.")] = None
    history: Annotated[tuple[HistoryTurn, ...], Meta(description="Turns that it holds, in this order.")] = ()
    not_in_history: Annotated[tuple[str, ...], Meta(description="Words that no turn holds.")] = ()
    events: tuple[Event, ...] = ()
    answer: Annotated[Words | None, Meta(description="The body that an operator's request is answered with.")] = None
    answer_status: Annotated[HttpStatus | None, Meta(description="And its HTTP status.")] = None
    first_audio_within_ms: Annotated[Milliseconds | None, Meta(description="After the end of the speech.")] = None
    silent_within_ms: Annotated[Milliseconds | None, Meta(description="After the interruption began.")] = None
    call_ended_within_seconds: Annotated[Seconds | None, Meta(description="The platform hangs up.")] = None
    call_goes_on: Annotated[bool, Meta(description="The platform has not hung up.")] = False


class Button(_Strict, frozen=True, kw_only=True):
    """A reply button of an interactive message."""

    id: str
    title: str


class Interruption(_Strict, frozen=True, kw_only=True):
    """What the caller says over the agent's answer."""

    after_ms: Annotated[Milliseconds, Meta(description="Of audible speech of the agent.")]
    say: str


class Late(_Strict, frozen=True, kw_only=True):
    """A message that the provider delivers long after it was written."""

    text: str
    hours: Annotated[float, Meta(gt=0, le=720)]


class Referral(_Strict, frozen=True, kw_only=True):
    """The first message of somebody who came by an advertisement."""

    text: str
    headline: str
    source_url: str


class File(_Strict, frozen=True, kw_only=True):
    """A file of a user; its content is made up."""

    kind: Literal["image", "document", "video", "sticker"]
    caption: str = ""


class Place(_Strict, frozen=True, kw_only=True):
    """A location."""

    latitude: float
    longitude: float
    name: str = ""


class Request(_Strict, frozen=True, kw_only=True):
    """What an operator asks of the API; `{conversation_id}`, `{user_id}` and `{nonce}` are put in."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: Annotated[str, Meta(pattern="^/api/v1/")]
    body: dict[str, Any] | None = None
    text: Annotated[str, Meta(description="A file of plain text as the body.")] = ""
    undo: Annotated[str, Meta(description="The path that is deleted when the scenario has ended.")] = ""


class AgentChange(_Strict, frozen=True, kw_only=True):
    """Other values for fields of an agent; put back when the scenario has ended."""

    id: str
    changes: dict[str, Any]


class Operator(_Strict, frozen=True, kw_only=True):
    """What somebody of the business does: exactly one of these."""

    take_over: bool = False
    release: bool = False
    write: Annotated[str, Meta(description="A message of a person to the user.")] = ""
    edit_agent: AgentChange | None = None
    add_rule: Annotated[dict[str, Any] | None, Meta(description="Removed when the scenario has ended.")] = None
    request: Request | None = None

    @property
    def is_felt_by_all(self) -> bool:
        """Whether other scenarios would notice."""
        return self.edit_agent is not None or self.add_rule is not None


class Step(_Strict, frozen=True, kw_only=True):
    """One thing that happens: exactly one of the actions, and what is expected of it."""

    say: Annotated[str, Meta(description="The user writes or, in a call, says this.")] = ""
    channel: Annotated[Channel | None, Meta(description="Another channel of the same user.")] = None
    burst: Annotated[tuple[str, ...], Meta(description="Messages one after the other, without waiting.")] = ()
    press: Button | None = None
    voice_note: Annotated[str, Meta(description="These words as a voice note.")] = ""
    file: File | None = None
    place: Place | None = None
    react: Annotated[str, Meta(description="An emoji under the latest answer.")] = ""
    late: Late | None = None
    referral: Referral | None = None
    keys: Annotated[str, Meta(pattern=r"^[0-9*#]*$", description="Keys that the caller presses.")] = ""
    interrupted_by: Annotated[Interruption | None, Meta(description="Goes with `say` in a call.")] = None
    silent_seconds: Annotated[Seconds | None, Meta(description="The caller says nothing, or the user waits.")] = None
    hang_up: bool = False
    forget: Annotated[bool, Meta(description="The cache loses all that it holds.")] = False
    operator: Operator | None = None
    fault: Annotated[dict[str, Any] | None, Meta(description="See /faults/options of the simulators.")] = None
    expect: Expected | None = None

    def __post_init__(self) -> None:
        """Check that one thing happens.

        Raises:
            ValueError: several things do, or none.
        """
        if len(self.actions) != 1:
            said = ", ".join(self.actions) or "nothing"
            raise ValueError(f"a step has exactly one action; this one has {said}")
        if self.interrupted_by is not None and not self.say:
            raise ValueError("`interrupted_by` goes with `say`")
        if self.operator is not None and len(_given(self.operator)) != 1:
            raise ValueError("an operator does exactly one thing in a step")

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of what happens."""
        return tuple(name for name in _given(self) if name not in {"channel", "expect", "interrupted_by"})

    @property
    def is_felt_by_all(self) -> bool:
        """Whether other scenarios would notice."""
        by_operator = self.operator is not None and self.operator.is_felt_by_all
        return self.forget or self.fault is not None or by_operator


class Scenario(_Strict, frozen=True, kw_only=True):
    """A conversation, played by a user whom the platform has never seen."""

    name: Name
    title: str
    channel: Channel
    steps: Annotated[tuple[Step, ...], Meta(min_length=1)]
    tags: tuple[Name, ...] = ()
    alone: Annotated[bool, Meta(description="No other scenario runs meanwhile.")] = False
    timeout_seconds: Annotated[float, Meta(gt=0, le=300)] = 90

    def __post_init__(self) -> None:
        """Check what only the whole can show.

        Raises:
            ValueError: others would notice what happens in it.
        """
        if not self.alone and any(step.is_felt_by_all for step in self.steps):
            raise ValueError("what all users notice (faults, forget, agents, rules) needs `alone: true`")

    @property
    def calls(self) -> bool:
        """Whether it uses the telephone."""
        return self.channel == "voice" or any(step.channel == "voice" for step in self.steps)

    @property
    def spoken(self) -> frozenset[str]:
        """All sentences that have to be synthesised."""
        said: set[str] = set()
        for step in self.steps:
            if (step.channel or self.channel) == "voice":
                said |= {step.say} | ({step.interrupted_by.say} if step.interrupted_by else set())
            said.add(step.voice_note)
        return frozenset(said - {""})


class ScenarioFile(_Strict, frozen=True, kw_only=True):
    """A file: scenarios on one theme. `tags` are those of all of them."""

    scenarios: Annotated[tuple[Scenario, ...], Meta(min_length=1)]
    tags: tuple[Name, ...] = ()


def _given(value: msgspec.Struct) -> list[str]:
    """The names of the fields that differ from their defaults."""
    return [field.name for field in msgspec.structs.fields(type(value)) if getattr(value, field.name) != field.default]
