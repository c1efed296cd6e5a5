"""What the API answers and changes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from shared.wiring.environment import now, settings

if TYPE_CHECKING:
    from shared.ports.access import TokenVerifier, UpdateTickets
    from shared.ports.outbound import OutboundMessages
    from shared.use_cases.change_hands import ChangeHands
    from shared.use_cases.edit_agents import EditAgents, EditRules
    from shared.use_cases.edit_documents import EditDocuments, SearchKnowledge
    from shared.use_cases.edit_tools import EditTools, TryTool
    from shared.use_cases.limit_requests import LimitRequests
    from shared.use_cases.link_persons import LinkPersons
    from shared.use_cases.query_history import QueryHistory
    from shared.use_cases.review_tool_calls import ReviewToolCalls
    from shared.use_cases.send_fallback import SendFallback
    from shared.use_cases.send_outbound_message import SendOutboundMessage
    from shared.use_cases.try_routing import TryRouting
    from shared.use_cases.write_as_person import WriteAsPerson


@lru_cache(maxsize=1)
def query_history() -> QueryHistory:
    """The read side of the API."""
    from shared.use_cases.link_media import LinkMedia
    from shared.use_cases.query_history import QueryHistory
    from shared.wiring import stores

    link_media = LinkMedia(stores.media_records(), stores.media())
    return QueryHistory(stores.history_reader(), stores.recordings(), link_media)


def review_tool_calls() -> ReviewToolCalls:
    """What agents did besides talking."""
    from shared.adapters.postgres.tool_audit import PostgresToolAudit
    from shared.use_cases.review_tool_calls import ReviewToolCalls
    from shared.wiring import stores

    return ReviewToolCalls(stores.history_reader(), PostgresToolAudit(stores.database()))


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


def limit_requests() -> LimitRequests:
    """How often somebody may ask."""
    from shared.use_cases.limit_requests import LimitRequests
    from shared.wiring import stores

    return LimitRequests(stores.rates(), requests_per_minute=settings().api_requests_per_minute)


def edit_agents() -> EditAgents:
    """Changing agents."""
    from shared.adapters.postgres.agent_editing import PostgresAgentEditor
    from shared.adapters.postgres.http_tool_editing import PostgresHttpToolEditor
    from shared.use_cases.edit_agents import EditAgents
    from shared.wiring import engines, stores

    tools = PostgresHttpToolEditor(stores.database())
    return EditAgents(PostgresAgentEditor(stores.database()), tools, engines.engine_problem)


def edit_rules() -> EditRules:
    """Changing routing rules."""
    from shared.adapters.linear_expressions import compile_expression
    from shared.adapters.postgres.agent_editing import PostgresAgentEditor, PostgresRuleEditor
    from shared.use_cases.edit_agents import EditRules
    from shared.wiring import stores

    agents = PostgresAgentEditor(stores.database())
    return EditRules(PostgresRuleEditor(stores.database()), agents, compile_expression)


def edit_tools() -> EditTools:
    """Changing HTTP tools."""
    from shared.adapters.postgres.http_tool_editing import PostgresHttpToolEditor
    from shared.use_cases.edit_tools import EditTools
    from shared.wiring import stores, tools

    return EditTools(PostgresHttpToolEditor(stores.database()), tools.schema_check(), settings().allowed_tool_hosts)


def try_tool() -> TryTool:
    """Trying HTTP tools."""
    from shared.adapters.postgres.http_tool_editing import PostgresHttpToolEditor
    from shared.use_cases.edit_tools import TryTool
    from shared.wiring import stores, tools

    return TryTool(PostgresHttpToolEditor(stores.database()), tools.schema_check(), tools.http_tools())


def edit_documents() -> EditDocuments:
    """Changing what agents know."""
    from shared.adapters.document_text import DocumentTextReader
    from shared.adapters.postgres.documents import PostgresDocumentStore
    from shared.use_cases.edit_documents import EditDocuments
    from shared.wiring import engines, stores

    return EditDocuments(PostgresDocumentStore(stores.database()), DocumentTextReader(), engines.embedder())


def search_knowledge() -> SearchKnowledge:
    """What a question finds."""
    from shared.adapters.postgres.documents import PostgresDocumentStore
    from shared.use_cases.edit_documents import SearchKnowledge
    from shared.wiring import engines, stores

    return SearchKnowledge(PostgresDocumentStore(stores.database()), stores.knowledge(), engines.embedder())


def link_persons() -> LinkPersons:
    """Whose identities are linked."""
    from shared.use_cases.link_persons import LinkPersons
    from shared.wiring import stores

    return LinkPersons(stores.person_links(), stores.context())


def try_routing() -> TryRouting:
    """Which agent a text would reach."""
    from shared.use_cases.try_routing import TryRouting
    from shared.wiring import stores, turns

    return TryRouting(turns.choose_route(stores.watched_active_agents()), stores.consent(), stores.history(), now)


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
    from shared.use_cases.bring_file import BringFile
    from shared.use_cases.send_outbound_message import SendOutboundMessage
    from shared.wiring import channels, stores

    return SendOutboundMessage(
        outbound_messages(),
        stores.history(),
        stores.context(),
        BringFile(stores.media()),
        channels.channels(),
        stores.events(),
        now,
        lease_seconds=settings().answer_lease_seconds,
    )


def write_as_person() -> WriteAsPerson:
    """Messages of people in conversations that they took over."""
    from shared.use_cases.write_as_person import WriteAsPerson
    from shared.wiring import channels, stores

    return WriteAsPerson(
        stores.history_reader(), stores.history(), outbound_messages(), send_outbound_message(), channels.channels()
    )


def send_fallback() -> SendFallback:
    """Templates in place of messages that came too late."""
    from shared.use_cases.send_fallback import SendFallback
    from shared.wiring import channels

    return SendFallback(outbound_messages(), send_outbound_message(), channels.channels())


def outbound_messages() -> OutboundMessages:
    """The outbox of what the business begins."""
    from shared.adapters.postgres.outbound import PostgresOutboundMessages
    from shared.wiring import stores

    return PostgresOutboundMessages(stores.database(), conversation_gap_hours=settings().conversation_gap_hours)
