"""The turn: from a webhook's message to the reply."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from shared.wiring.environment import now, settings

if TYPE_CHECKING:
    from shared.ports.stores import ActiveAgentStore
    from shared.use_cases.answer_message import AnswerMessage
    from shared.use_cases.choose_route import ChooseRoute
    from shared.use_cases.fold_past import FoldPast
    from shared.use_cases.gather_burst import GatherBurst
    from shared.use_cases.guard_source import GuardSource
    from shared.use_cases.handle_item import HandleItem
    from shared.use_cases.hear_voice_notes import HearVoiceNotes
    from shared.use_cases.orchestrator import Orchestrator
    from shared.use_cases.promise_person import PromisePerson
    from shared.use_cases.read_attachments import ReadAttachments
    from shared.use_cases.recall_conversation import RecallConversation
    from shared.use_cases.receive_message import ReceiveMessage
    from shared.use_cases.voice_replies import VoiceReplies
    from shared.use_cases.write_reply import WriteReply


@lru_cache(maxsize=1)
def receive_message() -> ReceiveMessage:
    """Intake of the text channels."""
    from shared.use_cases.receive_message import ReceiveMessage
    from shared.wiring import channels, stores

    return ReceiveMessage(
        channels=channels.channels(),
        queue=stores.queue(),
        rates=stores.rates(),
        guard=guard_source(),
        requests_per_minute=settings().requests_per_minute,
    )


@lru_cache(maxsize=1)
def handle_item() -> HandleItem:
    """What the worker does with a queued item."""
    from shared.adapters.whatsapp.preferences import read_preferences
    from shared.use_cases.handle_item import HandleItem
    from shared.use_cases.note_preferences import NotePreferences
    from shared.wiring import api, channels, stores

    return HandleItem(
        answer_message(),
        stores.identities(),
        stores.history(),
        stores.events(),
        channels.channels(),
        now,
        preferences=NotePreferences(stores.consent(), read_preferences),
        fall_back=api.send_fallback(),
    )


@lru_cache(maxsize=1)
def gather_burst() -> GatherBurst:
    """Which queued messages are answered together."""
    from shared.use_cases.gather_burst import GatherBurst
    from shared.wiring import stores

    return GatherBurst(stores.catalogue(), stores.active_agents(), now)


@lru_cache(maxsize=1)
def answer_message() -> AnswerMessage:
    """The turn."""
    from shared.use_cases.answer_message import AnswerMessage
    from shared.use_cases.speak_reply import SpeakReply
    from shared.wiring import stores

    return AnswerMessage(
        stores.history(),
        recall_conversation(),
        write_reply(),
        SpeakReply(orchestrator()),
        fold_past(),
        stores.events(),
        now,
        lease_seconds=settings().answer_lease_seconds,
        promise_person=None if can_transfer_calls() else promise_person(),
    )


def promise_person() -> PromisePerson:
    """Calls that people of the business are to make."""
    from shared.use_cases.promise_person import PromisePerson
    from shared.wiring import stores

    return PromisePerson(stores.call_backs(), now)


def write_reply() -> WriteReply:
    """The reply on a text channel."""
    from shared.use_cases.outbox import Outbox
    from shared.use_cases.respect_wishes import RespectWishes
    from shared.use_cases.write_reply import WriteReply
    from shared.wiring import stores

    voice = voice_replies()
    minutes = settings().stale_after_minutes
    return WriteReply(
        orchestrator(),
        Outbox(stores.history(), voice),
        RespectWishes(stores.consent(), stores.events(), now),
        read_attachments(),
        voice,
        now,
        stale_after=timedelta(minutes=minutes) if minutes else None,
    )


def read_attachments() -> ReadAttachments:
    """The files of messages."""
    from shared.use_cases.keep_media import KeepMedia
    from shared.use_cases.read_attachments import ReadAttachments
    from shared.wiring import engines, stores

    keep = KeepMedia(stores.media(), stores.media_records())
    return ReadAttachments(keep, reads=engines.language_model().reads, voice_notes=hear_voice_notes())


def hear_voice_notes() -> HearVoiceNotes | None:
    """The words of voice notes; None when VOICE_NOTES is none."""
    from shared.use_cases.hear_voice_notes import HearVoiceNotes
    from shared.wiring import engines

    engine = engines.speech_engine()
    return None if engine is None else HearVoiceNotes(engine)


def voice_replies() -> VoiceReplies:
    """Replies as voice notes."""
    from shared.adapters.postgres.reply_forms import PostgresReplyForms
    from shared.use_cases.voice_replies import VoiceReplies
    from shared.wiring import engines, stores

    return VoiceReplies(engines.speech_engine(), PostgresReplyForms(stores.database()), stores.media())


@lru_cache(maxsize=1)
def orchestrator() -> Orchestrator:
    """Several agents as one conversation."""
    from shared.use_cases.agent_turn import AgentTurn
    from shared.use_cases.orchestrator import Orchestrator
    from shared.wiring import engines, stores, tools

    active = stores.active_agents()
    return Orchestrator(
        choose_route(active),
        active,
        AgentTurn(engines.language_model(), tools.run_tools()),
        now,
        can_transfer_calls=can_transfer_calls(),
    )


def choose_route(active_agents: ActiveAgentStore) -> ChooseRoute:
    """Who answers a message."""
    from shared.use_cases.choose_route import ChooseRoute
    from shared.wiring import engines, stores

    return ChooseRoute(
        stores.catalogue(),
        stores.knowledge(),
        active_agents,
        engines.embedder(),
        threshold=settings().routing_threshold,
        serves_for=timedelta(seconds=settings().context_ttl_seconds),
    )


def recall_conversation() -> RecallConversation:
    """Memory."""
    from shared.use_cases.recall_conversation import RecallConversation
    from shared.wiring import stores

    return RecallConversation(stores.context(), stores.history(), now)


@lru_cache(maxsize=1)
def fold_past() -> FoldPast:
    """The summary of what no agent is shown any more."""
    from shared.adapters.models.summaries import ExtractiveSummariser, ModelSummariser
    from shared.adapters.postgres.summaries import PostgresSummaryStore
    from shared.use_cases.fold_past import FoldPast
    from shared.wiring import engines, stores

    is_writing = settings().language_model in ("bedrock", "openai")
    summariser = ModelSummariser(engines.language_model()) if is_writing else ExtractiveSummariser()
    return FoldPast(PostgresSummaryStore(stores.database()), summariser, stores.context(), stores.catalogue())


def can_transfer_calls() -> bool:
    """Whether there is a person to connect callers to."""
    return bool(settings().human_phone_number)


def guard_source() -> GuardSource:
    """Who may call a webhook."""
    from shared.use_cases.guard_source import BlockingRule, GuardSource
    from shared.wiring import stores

    known = settings()
    return GuardSource(
        stores.blocklist(),
        BlockingRule(
            failures_before_block=known.failures_before_block,
            failure_window_seconds=known.failure_window_seconds,
            block_seconds=known.block_seconds,
        ),
        secrets=known.secret_source,
    )
