"""ContextStore, ActiveAgentStore, CatalogueStore with KnowledgeStore, StreamTickets and RecordingStore in memory."""

from __future__ import annotations

import audioop
import io
import secrets
import wave
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from shared.adapters.linear_expressions import compile_expression
from shared.domain.agent import ActiveAgent, AgentProfile, Passage, RoutingRule
from shared.domain.call import StreamTicket
from shared.domain.catalogue import Catalogue
from shared.domain.conversation import Conversation, ConversationKey
from shared.domain.knowledge.retrieval import Candidate, Spread, best_passages
from shared.domain.knowledge.search_words import all_words, found_words, optional_words, search_words
from shared.domain.tools.http_tool import HttpTool

LIFE = timedelta(minutes=30)


class FakeContextStore:
    """Implements `ContextStore`."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._kept: dict[ConversationKey, tuple[Conversation, datetime]] = {}

    async def load(self, key: ConversationKey) -> Conversation | None:
        conversation, dies_at = self._kept.get(key, (None, self._clock()))
        if conversation is None or dies_at <= self._clock():
            return None
        await self.save(conversation)
        return conversation

    async def save(self, conversation: Conversation) -> None:
        self._kept[conversation.key] = (conversation, self._clock() + LIFE)

    async def forget(self, key: ConversationKey) -> None:
        self._kept.pop(key, None)


class FakeActiveAgentStore:
    """Implements `ActiveAgentStore`."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._kept: dict[ConversationKey, tuple[ActiveAgent, datetime]] = {}

    async def load(self, key: ConversationKey) -> ActiveAgent | None:
        agent, dies_at = self._kept.get(key, (None, self._clock()))
        if agent is None or dies_at <= self._clock():
            return None
        self._kept[key] = (agent, self._clock() + LIFE)
        return agent

    async def save(self, key: ConversationKey, agent: ActiveAgent, *, read_version: int) -> bool:
        kept, dies_at = self._kept.get(key, (None, self._clock()))
        version = 0 if kept is None or dies_at <= self._clock() else kept.version
        if version != read_version:
            return False
        self._kept[key] = (replace(agent, version=read_version + 1), self._clock() + LIFE)
        return True


class FakeAgentStore:
    """Implements `CatalogueStore` and `KnowledgeStore` over what a test puts into it.

    `knowledge` pairs passages with their vectors.
    """

    def __init__(
        self,
        agents: Sequence[AgentProfile] = (),
        rules: Sequence[RoutingRule] = (),
        knowledge: Sequence[tuple[Passage, Sequence[float]]] = (),
        tools: Sequence[HttpTool] = (),
    ) -> None:
        self.tools = list(tools)
        self.agents = list(agents)
        self.all_rules = list(rules)
        self.knowledge = list(knowledge)

    async def current(self) -> Catalogue:
        tools = sorted(self.tools, key=lambda tool: tool.id)
        return Catalogue.of(1, self.agents, self.all_rules, tools, compile_expression=compile_expression)

    async def search(
        self, question: str, embedding: Sequence[float] | None, *, limit: int, agent_id: str | None = None
    ) -> tuple[Passage, ...]:
        enabled = {agent.id for agent in self.agents if agent.is_enabled}
        searched = enabled if agent_id is None else {agent_id}
        stems = search_words(question)
        candidates = [
            Candidate(
                passage=passage,
                closeness=None if embedding is None or len(vector) != len(embedding) else _dot(vector, embedding),
                words=found_words(stems, all_words(f"{passage.title} {passage.text}")),
                title_words=found_words(stems, all_words(passage.title)),
            )
            for passage, vector in self.knowledge
            if passage.agent_id in searched
        ]
        spread = Spread(
            words=len(stems),
            passages=len(candidates),
            optional=optional_words(stems),
            passages_with=Counter(place for candidate in candidates for place in candidate.words),
        )
        found = [one for one in candidates if one.closeness is not None or one.words]
        return best_passages(found, spread, limit=limit)


class FakeStreamTickets:
    """Implements `StreamTickets`."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._tickets: dict[str, tuple[StreamTicket, datetime]] = {}

    async def mint(self, ticket: StreamTicket, *, ttl_seconds: int) -> str:
        token = secrets.token_urlsafe(32)
        self._tickets[token] = (ticket, self._clock() + timedelta(seconds=ttl_seconds))
        return token

    async def redeem(self, token: str) -> StreamTicket | None:
        ticket, dies_at = self._tickets.pop(token, (None, self._clock()))
        return ticket if dies_at > self._clock() else None


class FakeRecordingStore:
    """Implements `RecordingStore`; finished recordings lie in `files`."""

    def __init__(self) -> None:
        self.parts: dict[str, dict[int, bytes]] = {}
        self.files: dict[str, bytes] = {}

    async def put_part(self, call_sid: str, *, started_at: datetime, start_ms: int, stereo_mulaw: bytes) -> None:
        self.parts.setdefault(_recording_key(call_sid, started_at), {})[start_ms] = stereo_mulaw

    async def assemble(self, call_sid: str, *, started_at: datetime) -> tuple[str, int] | None:
        key = _recording_key(call_sid, started_at)
        parts = self.parts.pop(key, {})
        if not parts and key not in self.files:
            return None
        audio = bytearray(_read_wav(self.files[key]) if key in self.files else b"")
        position = 0
        for start_ms, mulaw in sorted(parts.items()):
            start, end = start_ms * 32, start_ms * 32 + 2 * len(mulaw)
            audio.extend(bytes(max(0, end - len(audio))))
            begin = max(start, position)
            audio[begin:end] = audioop.ulaw2lin(mulaw, 2)[begin - start :]
            position = max(position, end)
        self.files[key] = _write_wav(bytes(audio))
        return key, len(audio) // 32

    def audio(self, key: str) -> tuple[bytes, bytes]:
        """The caller's and the agent's channel of a finished recording, 16-bit PCM."""
        stereo = _read_wav(self.files[key])
        return audioop.tomono(stereo, 2, 1, 0), audioop.tomono(stereo, 2, 0, 1)

    async def link(self, key: str, *, ttl_seconds: int) -> str:
        return f"https://recordings.invalid/{key}?expires={ttl_seconds}"


def _recording_key(call_sid: str, started_at: datetime) -> str:
    return f"recordings/{started_at:%Y/%m/%d}/{call_sid}/recording.wav"


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(left * right for left, right in zip(one, other, strict=True))


def _write_wav(audio: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(2)
        wav.setsampwidth(2)
        wav.setframerate(8000)
        wav.writeframes(audio)
    return file.getvalue()


def _read_wav(file: bytes) -> bytes:
    with wave.open(io.BytesIO(file)) as wav:
        audio = wav.readframes(wav.getnframes())
    return bytes(audio)
