"""What people of the business decide: agents, routing rules, who answers a conversation; tickets for live updates."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from shared import errors, wiring
from shared.domain.access import Caller, Role
from shared.domain.knowledge.document import LARGEST_DOCUMENT_BYTES
from shared.http_api import agent_examples as examples
from shared.http_api.access import signed_in, with_role
from shared.http_api.agent_models import LiveView
from shared.http_api.agent_routes import agent_routes
from shared.http_api.application import create_application
from shared.http_api.call_back_routes import call_back_routes
from shared.http_api.envelope import Success, fails_with, succeeds_with
from shared.http_api.knowledge_routes import knowledge_routes
from shared.http_api.lambda_entry import lambda_entry
from shared.http_api.outbound_routes import outbound_routes
from shared.http_api.person_link_routes import person_link_routes
from shared.http_api.person_routes import person_routes
from shared.http_api.rule_routes import rule_routes
from shared.http_api.session_routes import session_routes
from shared.http_api.tool_routes import tool_routes

live_tasks = wiring.live_tasks()
app = create_application(
    title="Vaani administration",
    allowed_origins=wiring.settings().allowed_origins,
    largest_body_bytes=LARGEST_DOCUMENT_BYTES,
    # It looks like the place of a rule.
    methods_of=lambda path: ("POST",) if path == "/api/v1/routing-rules/test" else (),
)
authenticate = signed_in(wiring.token_verifier(), wiring.limit_requests())
_always = fails_with(errors.Unauthenticated, errors.Forbidden, errors.RateLimited, errors.StoreUnavailable)
admin = APIRouter(prefix="/api/v1", dependencies=[Depends(with_role(authenticate, Role.ADMIN))], responses=_always)
operator = APIRouter(
    prefix="/api/v1", dependencies=[Depends(with_role(authenticate, Role.OPERATOR))], responses=_always
)
_everybody = fails_with(errors.Unauthenticated, errors.RateLimited, errors.StoreUnavailable)
anybody = APIRouter(prefix="/api/v1", responses=_everybody)


@anybody.get("/live", responses=succeeds_with(examples.LIVE), tags=["calls"])
async def show_live(_caller: Annotated[Caller, Depends(authenticate)]) -> Success[LiveView]:
    """Show what each task of the stream service reported within the last 30 seconds, and the sums."""
    return Success(data=LiveView.of(await live_tasks.all()))


@app.get("/health/admin_api", include_in_schema=False)
async def health() -> Success[dict[str, bool]]:
    """The function starts; no store is asked."""
    return Success(data={"alive": True})


admin.include_router(agent_routes(wiring.edit_agents()))
admin.include_router(knowledge_routes(wiring.edit_documents(), wiring.search_knowledge()))
admin.include_router(rule_routes(wiring.edit_rules(), wiring.try_routing()))
admin.include_router(tool_routes(wiring.edit_tools(), wiring.try_tool()))
admin.include_router(person_link_routes(wiring.link_persons(), authenticate))
admin.include_router(outbound_routes(wiring.send_outbound_message(), wiring.place_call()))
operator.include_router(person_routes(wiring.change_hands(), wiring.write_as_person(), authenticate))
operator.include_router(call_back_routes(wiring.call_backs()))
anybody.include_router(session_routes(wiring.update_tickets(), authenticate))
for router in (admin, operator, anybody):
    app.include_router(router)
handler = lambda_entry(app)
