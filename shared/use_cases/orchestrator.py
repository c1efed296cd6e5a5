"""Choose the agent, stream its reply, follow its hand-overs."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.domain.agent import HUMAN, ActiveAgent, AgentProfile, Passage, RouteReason, RoutingDecision, RoutingRule
from shared.domain.conversation import Conversation, Speaker
from shared.domain.message import InboundMessage, ReplyChunk
from shared.domain.prompt import (
    NOTHING_ENCLOSED,
    Colleague,
    Enclosed,
    HandOver,
    Prompt,
    TextPiece,
    TokenUsage,
    build_prompt,
)
from shared.domain.reply import ReplyDraft
from shared.domain.routing import choose_agent
from shared.errors import ModelUnavailable, StoreUnavailable
from shared.observability import logger
from shared.ports.language_model import Embedder, LanguageModel
from shared.ports.stores import ActiveAgentStore, AgentStore

PASSAGES = 4
HAND_OVERS_PER_TURN = 3
APOLOGY = "I'm sorry, I can't look that up at the moment. Please try again in a minute."
PERSON_WILL_WRITE = "I'm passing you on to a colleague of the team, who will answer you here."
PERSON_WILL_SPEAK = "Please stay on the line, I'm connecting you with a colleague."
PERSON_WILL_CALL_BACK = "I'll ask a colleague to call you back on this number. Is there anything else I can do?"
NOBODY = "Thank you for your message. Nobody is available to answer right now; we will get back to you."
_GOES_ON = re.compile(r"\s*(?:and|or|but|what about|how about|then|also|aur)\b", re.IGNORECASE)
_LONGEST_FOLLOW_UP_WORDS = 6
_HUMAN_COLLEAGUE = Colleague(id=HUMAN, description="a person of the team, for whatever the agents cannot settle")


@dataclass(slots=True)
class Reply:
    """A reply being written. Iterate over `chunks` once; the other fields are final when the iteration ends."""

    chunks: AsyncGenerator[ReplyChunk, None] = field(init=False)
    enclosed: Enclosed = NOTHING_ENCLOSED
    route: RoutingDecision | None = None
    agent_id: str | None = None
    agent: AgentProfile | None = None
    active: ActiveAgent | None = None
    hand_over: HandOver | None = None
    usage: TokenUsage | None = None
    stages_ms: dict[str, int] = field(default_factory=dict)

    def draft(self, text: str) -> ReplyDraft:
        """The reply with the text that was collected or delivered."""
        return ReplyDraft(
            text=text, agent_id=self.agent_id, route=self.route, usage=self.usage, stages_ms=dict(self.stages_ms)
        )


@dataclass(slots=True)
class _Voice:
    """Joins what several speakers say to one text, in which their words do not run together.

    Attributes:
        has_spoken: whether there were any words since the speaker changed.
    """

    has_spoken: bool = False
    _last: str = ""

    def change_speaker(self) -> None:
        """What comes next is somebody else's, or begins a new sentence."""
        self.has_spoken = False

    def say(self, text: str) -> str:
        """The text as it is to be joined to what was said before."""
        begins = bool(text.strip()) and not self.has_spoken
        touches = self._last != "" and not self._last.isspace() and not text[:1].isspace()
        joined = f" {text}" if begins and touches else text
        self.has_spoken = self.has_spoken or begins
        self._last = joined[-1:] or self._last
        return joined


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """Everybody who could answer, and what is known about the question."""

    agents: tuple[AgentProfile, ...]
    rules: tuple[RoutingRule, ...]
    passages: tuple[Passage, ...]

    def profile(self, agent_id: str) -> AgentProfile | None:
        return next((agent for agent in self.agents if agent.id == agent_id), None)


class Orchestrator:
    """Lets several agents appear as one conversation."""

    def __init__(
        self,
        agents: AgentStore,
        active_agents: ActiveAgentStore,
        model: LanguageModel,
        embedder: Embedder | None,
        clock: Callable[[], datetime],
        *,
        can_transfer_calls: bool,
    ) -> None:
        self._agents = agents
        self._active_agents = active_agents
        self._model = model
        self._embedder = embedder
        self._clock = clock
        self._can_transfer_calls = can_transfer_calls

    def reply(
        self,
        conversation: Conversation,
        message: InboundMessage,
        *,
        is_spoken: bool,
        enclosed: Enclosed = NOTHING_ENCLOSED,
    ) -> Reply:
        """Begin a reply; nothing is read or asked before its first chunk is awaited."""
        reply = Reply(enclosed=enclosed)
        reply.chunks = self._write(reply, conversation, message, is_spoken=is_spoken)
        return reply

    async def keep_active(self, conversation: Conversation, reply: Reply) -> None:
        """Let the next message go to the agent who wrote this reply; asked once the reply was really given."""
        if reply.active is None:
            return
        try:
            await self._active_agents.save(conversation.key, reply.active)
        except StoreUnavailable:
            logger.warning("active_agent_not_kept")

    async def greeter(self, conversation: Conversation, message: InboundMessage) -> AgentProfile | None:
        """The agent who would take an opening message, to greet a caller before anything was said."""
        desk = _Desk(agents=await self._agents.profiles(), rules=await self._agents.rules(), passages=())
        decision = choose_agent(message, desk.agents, desk.rules, await self._active(conversation), ())
        return None if decision is None else desk.profile(decision.agent_id)

    async def _write(
        self, reply: Reply, conversation: Conversation, message: InboundMessage, *, is_spoken: bool
    ) -> AsyncGenerator[ReplyChunk, None]:
        started = time.perf_counter()
        desk, active = await asyncio.gather(
            self._open_desk(_in_context(message.text, conversation)), self._active(conversation)
        )
        reply.route = choose_agent(message, desk.agents, desk.rules, active, desk.passages)
        reply.stages_ms["routing"] = _elapsed_ms(started)
        agent = None if reply.route is None else desk.profile(reply.route.agent_id)
        if agent is None:
            yield ReplyChunk(text=NOBODY, agent_id="")
            return
        async with aclosing(self._serve(reply, agent, desk, conversation, message, is_spoken=is_spoken)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _serve(
        self,
        reply: Reply,
        agent: AgentProfile,
        desk: _Desk,
        conversation: Conversation,
        message: InboundMessage,
        *,
        is_spoken: bool,
    ) -> AsyncGenerator[ReplyChunk, None]:
        """Stream the agent's answer; where it hands over to another agent, that one's, as if one spoke."""
        served: list[str] = []
        voice = _Voice()
        current: AgentProfile | None = agent
        while current is not None:
            served.append(current.id)
            reply.agent_id, reply.agent = current.id, current
            reply.active = ActiveAgent(agent_id=current.id, agent_version=current.version, since=self._clock())
            colleagues = _colleagues(desk, served)
            prompt = build_prompt(
                current,
                conversation,
                message.text,
                desk.passages,
                colleagues,
                spoken=is_spoken,
                language=_wanted_language(message),
                enclosed=reply.enclosed,
            )
            voice.change_speaker()
            hand_over: HandOver | None = None
            try:
                async with aclosing(self._ask(reply, prompt)) as pieces:
                    async for piece in pieces:
                        if isinstance(piece, HandOver):
                            hand_over = _to_a_colleague(piece, colleagues)
                            break
                        yield ReplyChunk(text=voice.say(piece.text), agent_id=current.id)
            except ModelUnavailable:
                logger.exception("model_unavailable", agent_id=current.id)
                voice.change_speaker()
            if hand_over is None and not voice.has_spoken:
                yield ReplyChunk(text=voice.say(APOLOGY), agent_id=current.id)
            if hand_over is not None:
                reply.hand_over = hand_over
                reply.route = _handed_over(hand_over, current)
                if hand_over.target == HUMAN:
                    voice.change_speaker()
                    text = voice.say(self._announce_person(is_spoken=is_spoken))
                    yield ReplyChunk(text=text, agent_id=current.id)
            current = None if hand_over is None else desk.profile(hand_over.target)

    def _announce_person(self, *, is_spoken: bool) -> str:
        if not is_spoken:
            return PERSON_WILL_WRITE
        return PERSON_WILL_SPEAK if self._can_transfer_calls else PERSON_WILL_CALL_BACK

    async def _ask(self, reply: Reply, prompt: Prompt) -> AsyncGenerator[TextPiece | HandOver, None]:
        started = time.perf_counter()
        async with aclosing(self._model.stream(prompt)) as pieces:
            async for piece in pieces:
                reply.stages_ms.setdefault("model_first_piece", _elapsed_ms(started))
                if isinstance(piece, TokenUsage):
                    reply.usage = _add(reply.usage, piece)
                else:
                    yield piece

    async def _open_desk(self, question: str) -> _Desk:
        agents, rules, passages = await asyncio.gather(
            self._agents.profiles(), self._agents.rules(), self._search(question)
        )
        return _Desk(agents=agents, rules=rules, passages=passages)

    async def _search(self, question: str) -> tuple[Passage, ...]:
        if self._embedder is None or not question.strip():
            return ()
        try:
            (vector,) = await self._embedder.embed([question])
        except ModelUnavailable:
            logger.warning("embedder_unavailable")
            return ()
        return await self._agents.search(vector, limit=PASSAGES)

    async def _active(self, conversation: Conversation) -> ActiveAgent | None:
        try:
            return await self._active_agents.load(conversation.key)
        except StoreUnavailable:
            logger.warning("active_agent_unavailable")
            return None


def _wanted_language(message: InboundMessage) -> str | None:
    """The language that the caller has asked for; the channel knows."""
    language = message.attributes.get("language")
    return language if isinstance(language, str) else None


def _in_context(question: str, conversation: Conversation) -> str:
    """What to search for: "and on Sunday?" means nothing without the question before it."""
    if not _GOES_ON.match(question) or len(question.split()) > _LONGEST_FOLLOW_UP_WORDS:
        return question
    before = next((turn.text for turn in reversed(conversation.turns) if turn.speaker is Speaker.USER), "")
    return f"{before} {question}".strip()


def _colleagues(desk: _Desk, served: list[str]) -> tuple[Colleague, ...]:
    """Whom the agent may hand over to: nobody who had the question already, no AI agent after too many changes."""
    if len(served) > HAND_OVERS_PER_TURN:
        return (_HUMAN_COLLEAGUE,)
    others = (Colleague(id=a.id, description=a.description) for a in desk.agents if a.id not in served)
    return (*others, _HUMAN_COLLEAGUE)


def _to_a_colleague(hand_over: HandOver, colleagues: tuple[Colleague, ...]) -> HandOver:
    """The hand-over; to a person if it names nobody who was offered, so that no agent gets a question twice."""
    if any(colleague.id == hand_over.target for colleague in colleagues):
        return hand_over
    logger.warning("hand_over_to_nobody")
    return replace(hand_over, target=HUMAN)


def _handed_over(hand_over: HandOver, giver: AgentProfile) -> RoutingDecision:
    detail = f"from {giver.id}"
    if hand_over.target == HUMAN:
        # Kept with the reply: after a crash it is all that tells why a person is wanted.
        detail = f"{detail}: {hand_over.reason}. {hand_over.summary}".rstrip(".: ")
    return RoutingDecision(agent_id=hand_over.target, reason=RouteReason.HANDED_OVER, detail=detail)


def _add(first: TokenUsage | None, second: TokenUsage) -> TokenUsage:
    if first is None:
        return second
    return TokenUsage(
        input_tokens=first.input_tokens + second.input_tokens,
        output_tokens=first.output_tokens + second.output_tokens,
    )


def _elapsed_ms(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
