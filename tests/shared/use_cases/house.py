"""The use cases of a turn on fakes: a clinic with three agents."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shared.adapters.json_schema import JsonSchemaCheck
from shared.adapters.whatsapp.preferences import read_preferences
from shared.domain.agent import AgentProfile, Passage, RoutingRule, RuleKind
from shared.use_cases.agent_turn import AgentTurn
from shared.use_cases.answer_message import AnswerMessage
from shared.use_cases.bring_file import BringFile
from shared.use_cases.choose_route import ChooseRoute
from shared.use_cases.fold_past import FoldPast
from shared.use_cases.handle_item import HandleItem
from shared.use_cases.keep_media import KeepMedia
from shared.use_cases.note_preferences import NotePreferences
from shared.use_cases.orchestrator import Orchestrator
from shared.use_cases.outbox import Outbox
from shared.use_cases.promise_person import PromisePerson
from shared.use_cases.read_attachments import ReadAttachments
from shared.use_cases.recall_conversation import RecallConversation
from shared.use_cases.respect_wishes import RespectWishes
from shared.use_cases.run_tools import RunTools
from shared.use_cases.send_fallback import SendFallback
from shared.use_cases.send_outbound_message import SendOutboundMessage
from shared.use_cases.speak_reply import SpeakReply
from shared.use_cases.turn_time import LongestTurn
from shared.use_cases.voice_replies import VoiceReplies
from shared.use_cases.write_reply import WriteReply
from tests.fakes.call_backs import FakeCallBacks
from tests.fakes.clock import FrozenClock
from tests.fakes.consent import FakeConsentStore
from tests.fakes.faults import Faults
from tests.fakes.history_store import FakeHistoryStore
from tests.fakes.identities import FakeIdentityStore
from tests.fakes.language_model import FakeEmbedder, FakeLanguageModel
from tests.fakes.media import FakeMediaRecords, FakeMediaStore
from tests.fakes.memory_rows import MemoryRows, MessageRow
from tests.fakes.messaging import FakeEventPublisher
from tests.fakes.outbound_messages import FakeOutboundMessages
from tests.fakes.stores import FakeActiveAgentStore, FakeAgentStore, FakeContextStore
from tests.fakes.summaries import FakeSummariser, FakeSummaryStore
from tests.fakes.tools import FakeHttpToolCaller, FakeToolAudit
from tests.fakes.voice_notes import FakeReplyForms

LEASE_SECONDS = 30
STALE_AFTER = timedelta(hours=1)


def an_agent(agent_id: str, **given: Any) -> AgentProfile:
    """An agent named after its id."""
    values: dict[str, Any] = {
        "id": agent_id,
        "name": agent_id.title(),
        "description": f"All about {agent_id}.",
        "instructions": f"You are {agent_id}.",
        "greeting": f"Hello from {agent_id}.",
    }
    return AgentProfile(**{**values, **given})


def a_rule(pattern: str = "", agent_id: str = "billing", **given: Any) -> RoutingRule:
    """A keyword rule; its id is the pattern."""
    values: dict[str, Any] = {"id": pattern or "rule", "kind": RuleKind.KEYWORD}
    return RoutingRule(**{**values, "pattern": pattern, "agent_id": agent_id, **given})


AGENTS = (an_agent("appointments"), an_agent("billing"), an_agent("reception"))
RULES = (a_rule("invoice", "billing"), a_rule("", "reception", id="default", kind=RuleKind.DEFAULT))
KNOWLEDGE = ((Passage(agent_id="appointments", title="Booking", text="Book by phone.", score=0), (1.0, 0.0)),)
QUESTION_ABOUT_BOOKING = "How do I see the doctor?"


class House:
    """Everything a turn needs; attributes may be replaced before `build`."""

    def __init__(self, clock: FrozenClock, *, can_transfer_calls: bool = False) -> None:
        self.clock = clock
        self.can_transfer_calls = can_transfer_calls
        self.faults = Faults()
        self.rows = MemoryRows(clock)
        self.history: Any = FakeHistoryStore(self.rows)
        self.identities: Any = FakeIdentityStore()
        self.context: Any = FakeContextStore(clock)
        self.active: Any = FakeActiveAgentStore(clock)
        self.agents: Any = FakeAgentStore(AGENTS, RULES, KNOWLEDGE)
        self.model: Any = FakeLanguageModel()
        self.longest_turn: LongestTurn | None = None
        self.tools: list[Any] = []
        self.call_http: Any = FakeHttpToolCaller()
        self.tool_audit: Any = FakeToolAudit(clock)
        self.embedder: Any = FakeEmbedder({QUESTION_ABOUT_BOOKING: (1.0, 0.0)})
        self.events: Any = FakeEventPublisher()
        self.consent: Any = FakeConsentStore(self.rows)
        self.media: Any = FakeMediaStore()
        self.media_records: Any = FakeMediaRecords(self.rows)
        self.voice_notes: Any = None
        self.speech_engine: Any = None
        self.reply_forms: Any = FakeReplyForms(self.rows)
        self.summaries: Any = FakeSummaryStore(self.rows)
        self.summariser: Any = FakeSummariser()
        self.call_backs: Any = FakeCallBacks(self.rows)
        self.outbound: Any = FakeOutboundMessages(clock)

    @property
    def orchestrator(self) -> Orchestrator:
        """The orchestrator over the house's ports as they are now."""
        agents, active = self._faulty("agents"), self._faulty("active")
        return Orchestrator(
            ChooseRoute(agents, agents, active, self.embedder),
            active,
            AgentTurn(self.model, self.run_tools),
            self.clock,
            can_transfer_calls=self.can_transfer_calls,
            longest=self.longest_turn,
        )

    @property
    def run_tools(self) -> RunTools:
        """The tools over the house's ports as they are now."""
        return RunTools(
            self.tools, call_http=self.call_http, audit=self._faulty("tool_audit"), schemas=JsonSchemaCheck()
        )

    @property
    def promise_person(self) -> PromisePerson:
        """The list of those whom a person is to ring, over the house's ports as they are now."""
        return PromisePerson(self._faulty("call_backs"), self.clock)

    @property
    def recall(self) -> RecallConversation:
        """Recall over the house's ports as they are now."""
        return RecallConversation(self._faulty("context"), self._faulty("history"), self.clock)

    @property
    def write(self) -> WriteReply:
        """The reply on a text channel over the house's ports as they are now."""
        voice = VoiceReplies(self.speech_engine, self._faulty("reply_forms"), self._faulty("media"))
        attachments = ReadAttachments(
            KeepMedia(self._faulty("media"), self._faulty("media_records")),
            reads=self.model.reads,
            voice_notes=self.voice_notes,
        )
        return WriteReply(
            self.orchestrator,
            Outbox(self._faulty("history"), voice),
            RespectWishes(self._faulty("consent"), self._faulty("events"), self.clock),
            attachments,
            voice,
            self.clock,
            stale_after=STALE_AFTER,
        )

    @property
    def fold_past(self) -> FoldPast:
        """The running summary over the house's ports as they are now."""
        return FoldPast(self._faulty("summaries"), self.summariser, self._faulty("context"), self._faulty("agents"))

    @property
    def answer(self) -> AnswerMessage:
        """The use case over the house's ports as they are now."""
        return AnswerMessage(
            self._faulty("history"),
            self.recall,
            self.write,
            SpeakReply(self.orchestrator),
            self.fold_past,
            self._faulty("events"),
            self.clock,
            lease_seconds=LEASE_SECONDS,
            promise_person=None if self.can_transfer_calls else self.promise_person,
        )

    def handle_item(self, **channels: Any) -> HandleItem:
        """The worker's use case with these channels."""
        return HandleItem(
            self.answer,
            self.identities,
            self.history,
            self.events,
            channels,
            self.clock,
            preferences=NotePreferences(self.consent, read_preferences),
            fall_back=SendFallback(self.outbound, self.send_outbound(**channels), channels),
        )

    def send_outbound(self, **channels: Any) -> SendOutboundMessage:
        """What the business begins, on these channels."""
        return SendOutboundMessage(
            self.outbound,
            self.history,
            self.context,
            BringFile(self.media),
            channels,
            self.events,
            self.clock,
            lease_seconds=LEASE_SECONDS,
        )

    @property
    def replies(self) -> list[MessageRow]:
        """The replies that were kept."""
        return [row for row in self.rows.messages if row.delivery_status is not None]

    @property
    def said(self) -> list[tuple[str, str]]:
        """Who said what, in the order in which it was kept."""
        return [(row.speaker.value, row.text) for row in self.rows.messages]

    @property
    def told(self) -> list[str]:
        """The types of the events that were published."""
        return [event.type.value for event in self.events.events]

    def _faulty(self, name: str) -> Any:
        return self.faults.wrap(getattr(self, name), name)
