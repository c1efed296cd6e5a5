"""What people of the business decide: agents, routing rules, who answers a conversation; tickets for live updates."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi import Path as PathParameter

from shared import errors, wiring
from shared.domain.access import Caller, Role
from shared.domain.conversation import ConversationStatus
from shared.domain.knowledge.document import LARGEST_DOCUMENT_BYTES
from shared.http_api import agent_examples as examples
from shared.http_api import history_examples, outbound_examples
from shared.http_api.access import signed_in, with_role
from shared.http_api.agent_models import (
    AgentView,
    ChangedAgent,
    ChangedRule,
    LiveView,
    NewAgent,
    NewRule,
    RoutingTrial,
    RoutingView,
    RuleView,
    TicketView,
)
from shared.http_api.application import create_application
from shared.http_api.call_back_routes import call_back_routes
from shared.http_api.envelope import ItemPage, Success, fails_with, succeeds_with
from shared.http_api.fields import Identifier, Slug
from shared.http_api.history_models import ConversationView
from shared.http_api.knowledge_routes import knowledge_routes
from shared.http_api.lambda_entry import lambda_entry
from shared.http_api.outbound_models import (
    NewOutboundCall,
    NewOutboundMessage,
    NewPersonMessage,
    PlacedCallView,
    SentMessageView,
)
from shared.http_api.person_link_routes import person_link_routes
from shared.http_api.tool_routes import tool_routes
from shared.http_api.versions import ReadVersion, tagged

TICKET_SECONDS = 30
RULES_OF_A_PAGE = 500
"""Of the longest, less than the megabyte that a load balancer takes from a function."""


edit_agents = wiring.edit_agents()
edit_rules = wiring.edit_rules()
try_routing = wiring.try_routing()
change_hands = wiring.change_hands()
update_tickets = wiring.update_tickets()
live_tasks = wiring.live_tasks()
send_outbound_message = wiring.send_outbound_message()
write_as_person = wiring.write_as_person()
place_call = wiring.place_call()
app = create_application(
    title="Vaani administration",
    allowed_origins=wiring.settings().allowed_origins,
    largest_body_bytes=LARGEST_DOCUMENT_BYTES,
)
authenticate = signed_in(wiring.token_verifier())
_always = fails_with(errors.Unauthenticated, errors.Forbidden, errors.StoreUnavailable)
_with_input = fails_with(errors.InvalidRequest, errors.InvalidContent)
admin = APIRouter(
    prefix="/api/v1", dependencies=[Depends(with_role(authenticate, Role.ADMIN))], responses=_always, tags=["agents"]
)
operator = APIRouter(
    prefix="/api/v1",
    dependencies=[Depends(with_role(authenticate, Role.OPERATOR))],
    responses=_always,
    tags=["conversations"],
)
anybody = APIRouter(prefix="/api/v1", responses=fails_with(errors.Unauthenticated, errors.StoreUnavailable))


AgentId = Annotated[Slug, PathParameter(examples=[examples.AGENT["id"]])]
RuleId = Annotated[Slug, PathParameter(examples=[examples.RULE["id"]])]
ConversationId = Annotated[Identifier, PathParameter(examples=[history_examples.CONVERSATION["id"]])]
IdempotencyKey = Annotated[
    str,
    Header(
        pattern=r"^[\x21-\x7e]{1,128}$",
        examples=["5f0c2d1e-reminder-919800000001"],
        description="A name of your own for this request; repeating the request with it sends nothing twice.",
    ),
]
SignedIn = Annotated[Caller, Depends(authenticate)]


@admin.get("/agents", responses=succeeds_with(history_examples.page(examples.AGENT)))
async def list_agents() -> Success[ItemPage[AgentView]]:
    """List all agents, disabled ones included."""
    agents = [AgentView.model_validate(agent) for agent in await edit_agents.all()]
    return Success(data=ItemPage[AgentView](items=agents, next_cursor=None))


@admin.post(
    "/agents",
    status_code=201,
    responses=succeeds_with(examples.AGENT, status=201) | fails_with(errors.VersionConflict) | _with_input,
)
async def add_agent(agent: NewAgent, response: Response) -> Success[AgentView]:
    """Add an agent."""
    view = AgentView.model_validate(await edit_agents.add(agent.profile(agent.id)))
    response.headers["location"] = f"/api/v1/agents/{view.id}"
    return tagged(response, view)


@admin.get("/agents/{agent_id}", responses=succeeds_with(examples.AGENT) | fails_with(errors.NotFound) | _with_input)
async def read_agent(agent_id: AgentId, response: Response) -> Success[AgentView]:
    """Read one agent; its `ETag` is what a change has to send as `If-Match`."""
    return tagged(response, AgentView.model_validate(await edit_agents.read(agent_id)))


@admin.put(
    "/agents/{agent_id}",
    responses=succeeds_with(examples.AGENT | {"version": 2})
    | fails_with(errors.NotFound, errors.VersionConflict)
    | _with_input,
)
async def replace_agent(
    agent_id: AgentId, agent: ChangedAgent, version: ReadVersion, response: Response
) -> Success[AgentView]:
    """Replace an agent that nobody changed since it was read."""
    return tagged(
        response, AgentView.model_validate(await edit_agents.replace(agent.profile(agent_id), version=version))
    )


@admin.delete(
    "/agents/{agent_id}", status_code=204, responses=fails_with(errors.NotFound, errors.VersionConflict) | _with_input
)
async def remove_agent(agent_id: AgentId, version: ReadVersion) -> None:
    """Remove an agent and its knowledge; rules that name it are passed over."""
    await edit_agents.remove(agent_id, version=version)


@admin.get("/routing-rules", responses=succeeds_with(history_examples.page(examples.RULE)) | _with_input)
async def list_rules(
    cursor: Annotated[Slug | None, Query(description="`next_cursor` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=RULES_OF_A_PAGE, description="Most items of a page.")] = RULES_OF_A_PAGE,
) -> Success[ItemPage[RuleView]]:
    """List routing rules, disabled ones included, in the order in which they are tried."""
    rules, next_cursor = await edit_rules.page(after=cursor, limit=limit)
    views = [RuleView.model_validate(rule) for rule in rules]
    return Success(data=ItemPage[RuleView](items=views, next_cursor=next_cursor))


@admin.post(
    "/routing-rules",
    status_code=201,
    responses=succeeds_with(examples.RULE, status=201) | fails_with(errors.VersionConflict) | _with_input,
)
async def add_rule(rule: NewRule, response: Response) -> Success[RuleView]:
    """Add a routing rule."""
    view = RuleView.model_validate(await edit_rules.add(rule.rule(rule.id)))
    response.headers["location"] = f"/api/v1/routing-rules/{view.id}"
    return tagged(response, view)


@admin.post(
    "/routing-rules/test", responses=succeeds_with(examples.ROUTING) | fails_with(errors.NotFound) | _with_input
)
async def try_route(trial: RoutingTrial) -> Success[RoutingView]:
    """Say which agent a message would reach, and what every step says to it; nothing is sent or changed."""
    return Success(data=RoutingView.of(await try_routing(trial.trial())))


@admin.get(
    "/routing-rules/{rule_id}", responses=succeeds_with(examples.RULE) | fails_with(errors.NotFound) | _with_input
)
async def read_rule(rule_id: RuleId, response: Response) -> Success[RuleView]:
    """Read one routing rule; its `ETag` is what a change has to send as `If-Match`."""
    return tagged(response, RuleView.model_validate(await edit_rules.read(rule_id)))


@admin.put(
    "/routing-rules/{rule_id}",
    responses=succeeds_with(examples.RULE | {"version": 2})
    | fails_with(errors.NotFound, errors.VersionConflict)
    | _with_input,
)
async def replace_rule(
    rule_id: RuleId, rule: ChangedRule, version: ReadVersion, response: Response
) -> Success[RuleView]:
    """Replace a routing rule that nobody changed since it was read."""
    return tagged(response, RuleView.model_validate(await edit_rules.replace(rule.rule(rule_id), version=version)))


@admin.delete(
    "/routing-rules/{rule_id}",
    status_code=204,
    responses=fails_with(errors.NotFound, errors.VersionConflict) | _with_input,
)
async def remove_rule(rule_id: RuleId, version: ReadVersion) -> None:
    """Remove a routing rule."""
    await edit_rules.remove(rule_id, version=version)


_ANSWERED_BY = fails_with(errors.NotFound) | _with_input


@operator.post(
    "/conversations/{conversation_id}/takeover",
    responses=succeeds_with(history_examples.CONVERSATION | {"status": "human"}) | _ANSWERED_BY,
)
async def take_over(conversation_id: ConversationId) -> Success[ConversationView]:
    """Take a conversation over; the agents stay silent until it is released."""
    return Success(
        data=ConversationView.model_validate(await change_hands(conversation_id, to=ConversationStatus.HUMAN))
    )


@operator.post(
    "/conversations/{conversation_id}/release",
    responses=succeeds_with(history_examples.CONVERSATION) | _ANSWERED_BY,
)
async def release(conversation_id: ConversationId) -> Success[ConversationView]:
    """Give a conversation back to the agents."""
    return Success(
        data=ConversationView.model_validate(await change_hands(conversation_id, to=ConversationStatus.OPEN))
    )


_NOT_SENT = (
    errors.InvalidRequest,
    errors.InvalidContent,
    errors.WindowClosed,
    errors.OptedOut,
    errors.VersionConflict,
    errors.AlreadyClaimed,
    errors.ProviderUnavailable,
    errors.StoreUnavailable,
)


@operator.post(
    "/conversations/{conversation_id}/messages",
    status_code=201,
    responses=succeeds_with(outbound_examples.PERSON_MESSAGE, status=201)
    | fails_with(*_NOT_SENT, errors.NotFound, errors.NotTakenOver),
)
async def write(
    conversation_id: ConversationId, message: NewPersonMessage, idempotency_key: IdempotencyKey, caller: SignedIn
) -> Success[SentMessageView]:
    """Write to the user of a conversation that a person took over; the same key sends it once.

    Refused as `not_taken_over` while the agents have it. The 24 hours after the user's last message count here too.
    The agents will know what was said once the conversation is released.
    """
    sent = await write_as_person(
        conversation_id,
        message.message_to,
        person=caller.subject,
        idempotency_key=idempotency_key,
    )
    return Success(data=SentMessageView.of(sent))


@admin.post(
    "/outbound-messages",
    status_code=201,
    responses=succeeds_with(outbound_examples.SENT_MESSAGE, status=201) | fails_with(*_NOT_SENT),
    tags=["outbound"],
)
async def send_message(message: NewOutboundMessage, idempotency_key: IdempotencyKey) -> Success[SentMessageView]:
    """Send a message; the same key sends it once.

    Anything but a template needs the user to have written within 24 hours; later it is refused as `window_closed`, or
    the `fallback_template` is sent instead. Choices and menus become numbered words on channels without buttons.
    What a channel cannot carry is refused with the limit it breaks, and nothing is kept.
    """
    sent = await send_outbound_message(message.message(), idempotency_key=idempotency_key)
    return Success(data=SentMessageView.of(sent))


@admin.post(
    "/outbound-calls",
    status_code=201,
    responses=succeeds_with(outbound_examples.PLACED_CALL, status=201)
    | fails_with(
        errors.InvalidRequest,
        errors.InvalidContent,
        errors.ProviderRejected,
        errors.RateLimited,
        errors.AlreadyClaimed,
        errors.ProviderUnavailable,
        errors.StoreUnavailable,
    ),
    tags=["outbound"],
)
async def ring(call: NewOutboundCall, idempotency_key: IdempotencyKey) -> Success[PlacedCallView]:
    """Ring a user; a person who answers talks with the agents. The same key rings once within a day."""
    placed = await place_call(
        call.user_id,
        idempotency_key=idempotency_key,
        business_id=call.business_id or "",
        voicemail_message=call.voicemail_message or "",
    )
    return Success(data=PlacedCallView.model_validate(placed))


@anybody.post("/updates-ticket", responses=succeeds_with(examples.TICKET), tags=["updates"])
async def open_updates(caller: SignedIn) -> Success[TicketView]:
    """Get a ticket that opens the updates socket once, within 30 seconds."""
    ticket = await update_tickets.mint(caller.subject, ttl_seconds=TICKET_SECONDS)
    return Success(data=TicketView(ticket=ticket, expires_in_seconds=TICKET_SECONDS))


@anybody.get("/live", responses=succeeds_with(examples.LIVE), tags=["calls"])
async def show_live(_caller: SignedIn) -> Success[LiveView]:
    """Show what each task of the stream service reported within the last 30 seconds, and the sums."""
    return Success(data=LiveView.of(await live_tasks.all()))


@app.get("/health/admin_api", include_in_schema=False)
async def health() -> Success[dict[str, bool]]:
    """The function starts; no store is asked."""
    return Success(data={"alive": True})


admin.include_router(knowledge_routes(wiring.edit_documents(), wiring.search_knowledge()))
admin.include_router(tool_routes(wiring.edit_tools(), wiring.try_tool()))
admin.include_router(person_link_routes(wiring.link_persons(), authenticate))
operator.include_router(call_back_routes(wiring.call_backs()))
for router in (admin, operator, anybody):
    app.include_router(router)
handler = lambda_entry(app)
