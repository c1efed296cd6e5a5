"""Composition root: the only place where use cases meet adapters.

Imports stand inside the functions on purpose: a webhook must not pay for libraries that only the worker needs, because
every import lengthens a cold start.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from shared.wiring.environment import now, settings
from shared.wiring.operations import (
    check_restore,
    measure_restorable_lag,
    recommendations,
    repair_calls,
    report_idle_resources,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.ports.access import TokenVerifier, UpdateTickets
    from shared.ports.billing import CostSource
    from shared.ports.live_tasks import LiveTasks
    from shared.ports.telephony import Telephony
    from shared.use_cases.answer_call import AnswerCall
    from shared.use_cases.answer_message import AnswerMessage
    from shared.use_cases.change_hands import ChangeHands
    from shared.use_cases.close_call import CloseCall
    from shared.use_cases.edit_agents import EditAgents, EditRules
    from shared.use_cases.follow_call import FollowCall
    from shared.use_cases.guard_source import GuardSource
    from shared.use_cases.handle_item import HandleItem
    from shared.use_cases.open_call import OpenCall
    from shared.use_cases.orchestrator import Orchestrator
    from shared.use_cases.place_call import PlaceCall
    from shared.use_cases.query_history import QueryHistory
    from shared.use_cases.recall_conversation import RecallConversation
    from shared.use_cases.receive_message import ReceiveMessage
    from shared.use_cases.report_costs import AnswerCosts, ReportCosts
    from shared.use_cases.rotate_password import RotatePassword
    from shared.use_cases.send_outbound_message import SendOutboundMessage
    from shared.use_cases.try_routing import TryRouting

__all__ = ["check_restore", "measure_restorable_lag", "now", "repair_calls", "report_idle_resources", "settings"]


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
    from shared.use_cases.handle_item import HandleItem
    from shared.wiring import channels, stores

    return HandleItem(answer_message(), stores.history(), stores.events(), channels.channels(), now)


@lru_cache(maxsize=1)
def answer_message() -> AnswerMessage:
    """The turn."""
    from shared.use_cases.answer_message import AnswerMessage
    from shared.wiring import stores

    return AnswerMessage(
        stores.history(),
        recall_conversation(),
        orchestrator(),
        stores.events(),
        now,
        lease_seconds=settings().answer_lease_seconds,
        can_transfer_calls=can_transfer_calls(),
    )


@lru_cache(maxsize=1)
def orchestrator() -> Orchestrator:
    """Several agents as one conversation."""
    from shared.use_cases.orchestrator import Orchestrator
    from shared.wiring import engines, stores

    return Orchestrator(
        stores.agents(),
        stores.active_agents(),
        engines.language_model(),
        engines.embedder(),
        now,
        can_transfer_calls=can_transfer_calls(),
    )


def recall_conversation() -> RecallConversation:
    """Memory."""
    from shared.use_cases.recall_conversation import RecallConversation
    from shared.wiring import stores

    return RecallConversation(stores.context(), stores.history())


def can_transfer_calls() -> bool:
    """Whether there is a person to connect callers to."""
    return bool(settings().human_phone_number)


@lru_cache(maxsize=1)
def answer_call() -> AnswerCall:
    """The incoming-call webhook."""
    from shared.use_cases.answer_call import AnswerCall
    from shared.wiring import stores

    known = settings()
    return AnswerCall(
        telephony(),
        guard_source(),
        stores.rates(),
        stores.slots(),
        stores.stream_tickets(),
        calls_per_user=known.connections_per_user,
        requests_per_minute=known.requests_per_minute,
        call_limit_seconds=known.call_limit_seconds,
    )


@lru_cache(maxsize=1)
def follow_call() -> FollowCall:
    """The other voice webhooks."""
    from shared.use_cases.follow_call import FollowCall
    from shared.wiring import stores

    return FollowCall(
        telephony(),
        guard_source(),
        answer_call(),
        close_call(),
        stores.history_reader(),
        stores.rates(),
        human_phone_number=settings().human_phone_number,
    )


def open_call() -> OpenCall:
    """A call's audio starts to flow."""
    from shared.use_cases.open_call import OpenCall
    from shared.wiring import stores

    return OpenCall(
        stores.calls(),
        stores.history(),
        stores.agents(),
        recall_conversation(),
        orchestrator(),
        stores.events(),
        now,
    )


def close_call() -> CloseCall:
    """A call is over."""
    from shared.use_cases.close_call import CloseCall
    from shared.wiring import stores

    return CloseCall(stores.calls(), stores.recordings(), stores.slots(), stores.events(), now)


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
    )


@lru_cache(maxsize=1)
def telephony() -> Telephony:
    """Twilio's voice webhooks and call control."""
    from shared.adapters.twilio.voice import twilio_voice

    return twilio_voice(settings())


@lru_cache(maxsize=1)
def query_history() -> QueryHistory:
    """The read side of the API."""
    from shared.use_cases.query_history import QueryHistory
    from shared.wiring import stores

    return QueryHistory(stores.history_reader(), stores.recordings())


@lru_cache(maxsize=1)
def token_verifier() -> TokenVerifier:
    """Who is asking."""
    from shared.adapters.identity.bearer_tokens import BearerTokens
    from shared.adapters.identity.signing_keys import SigningKeys
    from shared.settings import SettingsInvalid

    known = settings()
    if not (known.jwt_issuer and known.jwt_audience):
        raise SettingsInvalid("Set JWT_ISSUER and JWT_AUDIENCE.")
    # Where Cognito publishes the keys of a pool.
    keys_url = known.jwt_jwks_url or f"{known.jwt_issuer}/.well-known/jwks.json"
    return BearerTokens(SigningKeys(keys_url), issuer=known.jwt_issuer, audience=known.jwt_audience)


def edit_agents() -> EditAgents:
    """Changing agents."""
    from shared.adapters.postgres.agent_editing import PostgresAgentEditor
    from shared.use_cases.edit_agents import EditAgents
    from shared.wiring import stores

    return EditAgents(PostgresAgentEditor(stores.database()))


def edit_rules() -> EditRules:
    """Changing routing rules."""
    from shared.adapters.postgres.agent_editing import PostgresAgentEditor, PostgresRuleEditor
    from shared.use_cases.edit_agents import EditRules
    from shared.wiring import stores

    return EditRules(PostgresRuleEditor(stores.database()), PostgresAgentEditor(stores.database()))


def try_routing() -> TryRouting:
    """Which agent a text would reach."""
    from shared.use_cases.try_routing import TryRouting
    from shared.wiring import engines, stores

    return TryRouting(stores.agents(), engines.embedder(), now)


def change_hands() -> ChangeHands:
    """Takeover by a person, and back."""
    from shared.use_cases.change_hands import ChangeHands
    from shared.wiring import stores

    return ChangeHands(stores.history_reader(), stores.history(), stores.context(), stores.events(), now)


def update_tickets() -> UpdateTickets:
    """Tickets of the updates socket."""
    from shared.adapters.redis.update_tickets import RedisUpdateTickets
    from shared.wiring import stores

    return RedisUpdateTickets(stores.redis())


def send_outbound_message() -> SendOutboundMessage:
    """Messages that the business begins."""
    from shared.adapters.postgres.outbound import PostgresOutboundMessages
    from shared.use_cases.send_outbound_message import SendOutboundMessage
    from shared.wiring import channels, stores

    known = settings()
    return SendOutboundMessage(
        PostgresOutboundMessages(stores.database(), conversation_gap_hours=known.conversation_gap_hours),
        stores.history(),
        stores.context(),
        channels.channels(),
        stores.events(),
        now,
        lease_seconds=known.answer_lease_seconds,
    )


def place_call() -> PlaceCall:
    """Calls that the business begins."""
    from shared.adapters.redis.request_keys import RedisRequestKeys
    from shared.adapters.twilio.voice import twilio_voice
    from shared.use_cases.place_call import CallLimits, PlaceCall
    from shared.wiring import stores

    known = settings()
    limits = CallLimits(
        calls_per_user=known.connections_per_user,
        requests_per_minute=known.requests_per_minute,
        call_limit_seconds=known.call_limit_seconds,
    )
    return PlaceCall(
        twilio_voice(known),
        stores.calls(),
        RedisRequestKeys(stores.redis()),
        stores.rates(),
        stores.slots(),
        now,
        limits=limits,
        business_number=known.twilio_voice_number,
    )


def live_tasks() -> LiveTasks:
    """What the tasks of the stream service are doing."""
    from shared.adapters.redis.live_tasks import RedisLiveTasks
    from shared.wiring import stores

    return RedisLiveTasks(stores.redis())


def migrate_database() -> Callable[[], str]:
    """Brings the database to the newest schema and says which that is."""
    from functools import partial

    from shared.adapters.postgres.migrate import upgrade
    from shared.wiring import stores

    url, credentials = stores.database_address()
    return partial(upgrade, url, ca_file=settings().database_ca_file, credentials=credentials)


@lru_cache(maxsize=1)
def cost_source() -> CostSource:
    """The cloud provider's accounts."""
    from shared.adapters.aws.client import AwsClient
    from shared.adapters.aws.cost_explorer import REGION, CostExplorer

    return CostExplorer(AwsClient("ce", region=REGION))


def report_costs() -> ReportCosts:
    """The daily report of costs."""
    from shared.use_cases.report_costs import ReportCosts

    return ReportCosts(cost_source(), now)


def answer_costs() -> AnswerCosts:
    """Costs for admins."""
    from shared.use_cases.report_costs import AnswerCosts

    return AnswerCosts(token_verifier(), cost_source(), recommendations(), now)


def rotate_password() -> RotatePassword:
    """The rotation of the application's database password.

    Raises:
        SettingsInvalid: the database's host or the secret of its owner is not named.
    """
    from shared.adapters.aws.rotating_secret import SecretsManagerRotation
    from shared.adapters.postgres.application_users import PostgresApplicationUsers
    from shared.settings import SettingsInvalid
    from shared.use_cases.rotate_password import RotatePassword
    from shared.wiring import stores
    from shared.wiring.environment import secret_values

    known = settings()
    arn = known.database_master_secret_arn
    if arn is None or known.database_host is None:
        raise SettingsInvalid("Set DATABASE_HOST and DATABASE_MASTER_SECRET_ARN.")

    def owner() -> tuple[str, str]:
        secret = secret_values(arn)
        return secret["username"], secret["password"]

    url = f"postgresql://{known.database_host}:{known.database_port}/{known.database_name}"
    users = PostgresApplicationUsers(url, owner=owner, ca_file=known.database_ca_file)
    return RotatePassword(SecretsManagerRotation(stores.aws_client("secretsmanager")), users)
