"""Operations on the caller's own session: who they are, and a ticket for live updates."""

# No postponed annotations here: FastAPI could not resolve the dependency that is local to a function.
from typing import Annotated

from fastapi import APIRouter, Depends

from shared import errors
from shared.domain.access import Caller, Role
from shared.http_api import session_examples as examples
from shared.http_api.access import Authenticate, with_role
from shared.http_api.envelope import Success, fails_with, succeeds_with
from shared.http_api.session_models import SessionView, TicketView
from shared.ports.access import UpdateTickets

TICKET_SECONDS = 30


def session_routes(update_tickets: UpdateTickets, authenticate: Authenticate) -> APIRouter:
    """The operations, for a router that lets everybody in who is signed in."""
    router = APIRouter()
    caller_of = Annotated[Caller, Depends(authenticate)]
    operator_of = Annotated[Caller, Depends(with_role(authenticate, Role.OPERATOR))]

    @router.get("/session", responses=succeeds_with(examples.SESSION), tags=["session"])
    async def read_session(caller: caller_of) -> Success[SessionView]:
        """Say who is signed in, with which roles, and until when."""
        return Success(data=SessionView.of(caller))

    @router.post(
        "/updates-ticket",
        responses=succeeds_with(examples.TICKET) | fails_with(errors.Forbidden),
        tags=["updates"],
    )
    async def open_updates(caller: operator_of) -> Success[TicketView]:
        """Get a ticket that opens the updates socket once, within 30 seconds; updates tell what users say."""
        ticket = await update_tickets.mint(caller, ttl_seconds=TICKET_SECONDS)
        return Success(data=TicketView(ticket=ticket, expires_in_seconds=TICKET_SECONDS))

    return router
