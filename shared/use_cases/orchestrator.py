"""Choose the agent, stream its reply, follow its hand-overs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared import tracing
from shared.domain.agent import HUMAN, ActiveAgent, AgentProfile, RoutingDecision
from shared.domain.call_back import phone_number_of
from shared.domain.conversation import Conversation
from shared.domain.hand_over import colleagues_of, route_of, to_a_colleague
from shared.domain.joined_text import SENTENCE_END, JoinedText
from shared.domain.knowledge.citation import cited
from shared.domain.message import InboundMessage, ReplyChunk
from shared.domain.prompt import NOTHING_ENCLOSED, Enclosed, HandOver, Prompt, TextPiece, build_prompt, taken_over
from shared.domain.reply import ReplyDraft
from shared.domain.serving import after_turn, lately_handed_over
from shared.domain.tools.http_tool import HttpTool
from shared.domain.tools.tool import ToolCall
from shared.errors import ModelUnavailable, StoreUnavailable
from shared.observability import count, logger
from shared.ports.stores import ActiveAgentStore
from shared.ports.tools import ToolContext
from shared.use_cases.agent_turn import AgentTurn, TurnRecord
from shared.use_cases.choose_route import ChooseRoute, Route
from shared.use_cases.guard_output import guard_of, guarded, refusal
from shared.use_cases.turn_time import LongestTurn, TurnTime

APOLOGY = "I'm sorry, I can't look that up at the moment. Please try again in a minute."
PERSON_WILL_WRITE = "I'm passing you on to a colleague of the team, who will answer you here."
PERSON_WILL_SPEAK = "Please stay on the line, I'm connecting you with a colleague."
PERSON_WILL_CALL_BACK = "I'll ask a colleague to call you back on this number. Is there anything else I can do?"
NUMBER_IS_HIDDEN = (
    "A colleague has to help you with this, but I can't see your number. Please call again without hiding it, or write "
    "to us on WhatsApp."
)
# Each attempt is lost only to somebody else's that was kept.
_ATTEMPTS_TO_KEEP = 8
NOBODY = "Thank you for your message. Nobody is available to answer right now; we will get back to you."


@dataclass(slots=True)
class Reply:
    """A reply being written. Iterate over `chunks` once; the other fields are final when the iteration ends.

    Attributes:
        active: who serves by this reply, with the hand-overs of this turn alone.
        before: who served when it was begun.
        record: what the agents used and found on the way.
    """

    conversation: Conversation
    message: InboundMessage
    is_spoken: bool
    enclosed: Enclosed = NOTHING_ENCLOSED
    chunks: AsyncGenerator[ReplyChunk, None] = field(init=False)
    route: RoutingDecision | None = None
    agent_id: str | None = None
    agent: AgentProfile | None = None
    active: ActiveAgent | None = None
    before: ActiveAgent | None = None
    hand_over: HandOver | None = None
    record: TurnRecord = field(default_factory=TurnRecord)
    _certain: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def stages_ms(self) -> dict[str, int]:
        """Milliseconds of each stage so far, by stage name."""
        return self.record.stages_ms

    def confirm(self, message: InboundMessage) -> None:
        """This is the message, and ours to answer: from now on tools may do, in its name, what cannot be undone."""
        self.message = message
        self._certain.set()

    async def certainty(self) -> None:
        """Wait until the message is ours to answer."""
        await self._certain.wait()

    def draft(self, text: str) -> ReplyDraft:
        """The reply with the text that was collected or delivered."""
        return ReplyDraft(
            text=text,
            agent_id=self.agent_id,
            route=self.route,
            usage=self.record.usage,
            stages_ms=dict(self.stages_ms),
            hand_overs=self.record.hand_overs,
            tool_calls=self.record.tool_calls,
            is_apology=self.record.is_apology,
            citations=cited(text, self.record.passages),
        )


class Orchestrator:
    """Lets several agents appear as one conversation."""

    def __init__(
        self,
        choose_route: ChooseRoute,
        active_agents: ActiveAgentStore,
        take_turn: AgentTurn,
        clock: Callable[[], datetime],
        *,
        can_transfer_calls: bool,
        longest: LongestTurn | None = None,
    ) -> None:
        self._choose_route = choose_route
        self._active_agents = active_agents
        self._take_turn = take_turn
        self._clock = clock
        self._can_transfer_calls = can_transfer_calls
        self._longest = longest or LongestTurn()

    def reply(
        self,
        conversation: Conversation,
        message: InboundMessage,
        *,
        is_spoken: bool,
        enclosed: Enclosed = NOTHING_ENCLOSED,
        is_certain: bool = True,
    ) -> Reply:
        """Begin a reply; nothing is read or asked before its first chunk is awaited.

        Where it `is_certain` not yet that the message is ours to answer, no tool is used before `Reply.confirm`.
        """
        reply = Reply(conversation, message, is_spoken, enclosed)
        if is_certain:
            reply.confirm(message)
        reply.chunks = self._write(reply)
        return reply

    async def keep_active(self, conversation: Conversation, reply: Reply) -> None:
        """Let the next message go to the agent who wrote this reply; asked once the reply was really given.

        A turn that ends at the same time elsewhere is not written over: both are kept as one.
        """
        if reply.active is None:
            return
        served = replace(reply.active, since=self._clock())
        kept = reply.before
        try:
            for _ in range(_ATTEMPTS_TO_KEEP):
                version = 0 if kept is None else kept.version
                if await self._active_agents.save(conversation.key, after_turn(served, kept), read_version=version):
                    return
                count("active_agent_contended")
                kept = await self._active_agents.load(conversation.key)
        except StoreUnavailable:
            logger.warning("active_agent_not_kept")
            return
        logger.error("active_agent_not_kept")

    async def greeter(self, conversation: Conversation, message: InboundMessage) -> AgentProfile | None:
        """The agent who would take an opening message, to greet a caller before anything was said.

        A caller whom a rule sends to a person is greeted all the same, by whoever answers what no rule decides.
        """
        route = await self._choose_route.without_words(conversation, message)
        if route.decision is None or route.decision.agent_id != HUMAN:
            return None if route.decision is None else route.catalogue.agent(route.decision.agent_id)
        default = route.catalogue.rules.default
        answers = None if default is None else route.catalogue.agent(default.agent_id)
        return answers or next(iter(route.catalogue.agents), None)

    async def _write(self, reply: Reply) -> AsyncGenerator[ReplyChunk, None]:
        started = time.perf_counter()
        with tracing.part("routing") as span:
            route = await self._choose_route(reply.conversation, reply.message)
            if route.decision is not None:
                span.set(agent_id=route.decision.agent_id, reason=route.decision.reason.value)
        reply.route = route.decision
        reply.before = route.active
        reply.stages_ms["routing"] = round((time.perf_counter() - started) * 1000)
        reply.record.passages = route.passages
        if route.decision is not None and route.decision.agent_id == HUMAN:
            reply.hand_over = HandOver(target=HUMAN, reason=f"rule {route.decision.detail}", summary="")
            yield ReplyChunk(text=self._announce_person(reply), agent_id="")
            return
        agent = None if route.decision is None else route.catalogue.agent(route.decision.agent_id)
        if agent is None:
            yield ReplyChunk(text=NOBODY, agent_id="")
            return
        async with aclosing(self._serve(reply, agent, route)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _serve(self, reply: Reply, agent: AgentProfile, route: Route) -> AsyncGenerator[ReplyChunk, None]:
        """Stream the agent's answer; where it hands over to another agent, that one's, as if one spoke."""
        served: list[str] = []
        hand_overs: tuple[datetime, ...] = ()
        lately = len(lately_handed_over(route.active, self._clock()))
        text = JoinedText()
        time_left = self._longest.of(is_spoken=reply.is_spoken)
        current: AgentProfile | None = agent
        while current is not None:
            served.append(current.id)
            reply.agent_id, reply.agent = current.id, current
            reply.active = ActiveAgent(
                agent_id=current.id, agent_version=current.version, since=self._clock(), hand_overs=hand_overs
            )
            colleagues = colleagues_of(served, route.catalogue.agents, lately=lately)
            prompt = build_prompt(
                current,
                reply.conversation,
                reply.message.text,
                route.passages,
                colleagues,
                spoken=reply.is_spoken,
                language=_wanted_language(reply.message),
                enclosed=reply.enclosed,
            )
            if reply.hand_over is not None:
                prompt = taken_over(prompt, reply.hand_over)
            text.change_speaker()
            hand_over: HandOver | None = None
            written = self._pieces(reply, prompt, text, time_left, route.catalogue.tools)
            async with aclosing(_traced(written, current)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, HandOver):
                        hand_over = to_a_colleague(piece, colleagues)
                    else:
                        yield piece
            if hand_over is not None:
                reply.route = route_of(hand_over, current, after=reply.route if reply.hand_over else None)
                reply.hand_over = hand_over
                hand_overs = (*hand_overs, self._clock())
                reply.record.hand_overs = len(hand_overs)
                logger.info("handed_over", agent_id=current.id, target=hand_over.target)
                if hand_over.target == HUMAN:
                    text.change_speaker()
                    announcement = text.say(self._announce_person(reply))
                    yield ReplyChunk(text=announcement, agent_id=current.id)
            current = None if hand_over is None else route.catalogue.agent(hand_over.target)

    async def _pieces(
        self,
        reply: Reply,
        prompt: Prompt,
        text: JoinedText,
        time_left: TurnTime,
        http_tools: tuple[HttpTool, ...],
    ) -> AsyncGenerator[ReplyChunk | HandOver, None]:
        """What one agent says, or an apology for its silence; a hand-over is the last piece."""
        agent = prompt.agent
        guard = guard_of(prompt)

        def behalf() -> ToolContext:
            return ToolContext(
                conversation=reply.conversation,
                message=reply.message,
                agent=agent,
                is_spoken=reply.is_spoken,
                http_tools=http_tools,
            )

        has_spoken = False
        try:
            turn = self._take_turn(prompt, behalf, reply.record)
            words = guarded(time_left.bounded(turn), guard, agent_id=agent.id)
            async with aclosing(turn), aclosing(words) as pieces:
                async for piece in pieces:
                    if reply.is_spoken and text.has_spoken and not isinstance(piece, TextPiece):
                        # What was said is heard while the rest is sought.
                        yield ReplyChunk(text=text.say(SENTENCE_END), agent_id=agent.id)
                    if isinstance(piece, HandOver):
                        yield piece
                        return
                    if isinstance(piece, ToolCall):
                        # The tool is used when the next piece is asked for.
                        await reply.certainty()
                        text.change_speaker()
                        continue
                    has_spoken = has_spoken or bool(piece.text.strip())
                    yield ReplyChunk(text=text.say(piece.text), agent_id=agent.id)
        except ModelUnavailable:
            logger.exception("model_unavailable", agent_id=agent.id)
            text.change_speaker()
        if guard.breach is not None:
            text.change_speaker()
            yield ReplyChunk(
                text=text.say(refusal(_wanted_language(reply.message) or agent.language)), agent_id=agent.id
            )
        # Who ends the call has said goodbye before.
        if not text.has_spoken and not (has_spoken and reply.record.ends_call):
            reply.record.is_apology = True
            yield ReplyChunk(text=text.say(APOLOGY), agent_id=agent.id)

    def _announce_person(self, reply: Reply) -> str:
        if not reply.is_spoken:
            return PERSON_WILL_WRITE
        if self._can_transfer_calls:
            return PERSON_WILL_SPEAK
        return PERSON_WILL_CALL_BACK if phone_number_of(reply.message.user_id) else NUMBER_IS_HIDDEN


async def _traced(
    pieces: AsyncGenerator[ReplyChunk | HandOver, None], agent: AgentProfile
) -> AsyncGenerator[ReplyChunk | HandOver, None]:
    """The pieces of one agent, in a span of its own: not the current one, since their use is no part of it."""
    span = tracing.begin("agent", agent_id=agent.id)
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                if isinstance(piece, HandOver):
                    span.event("handed_over")
                yield piece
    finally:
        span.end()


def _wanted_language(message: InboundMessage) -> str | None:
    """The language that the caller has asked for; the channel knows."""
    language = message.attributes.get("language")
    return language if isinstance(language, str) else None
