"""Operations on the caller's own session: who they are, and a ticket for live updates."""

# No postponed annotations here: FastAPI could not resolve the dependency that is local to a function.
from typing import Annotated

from fastapi import APIRouter, Depends

from shared.domain.access import Caller
from shared.http_api import session_examples as examples
from shared.http_api.access import Authenticate
from shared.http_api.envelope import Success, succeeds_with
from shared.http_api.session_models import SessionView, TicketView
from shared.ports.access import UpdateTickets

TICKET_SECONDS = 30


def session_routes(update_tickets: UpdateTickets, authenticate: Authenticate) -> APIRouter:
    """The operations, for a router that lets everybody in who is signed in."""
    router = APIRouter()
    caller_of = Annotated[Caller, Depends(authenticate)]

    @router.get("/session", responses=succeeds_with(examples.SESSION), tags=["session"])
    async def read_session(caller: caller_of) -> Success[SessionView]:
        """Say who is signed in, with which roles, and until when."""
        return Success(data=SessionView.of(caller))

    @router.post("/updates-ticket", responses=succeeds_with(examples.TICKET), tags=["updates"])
    async def open_updates(caller: caller_of) -> Success[TicketView]:
        """Get a ticket that opens the updates socket once, within 30 seconds."""
        ticket = await update_tickets.mint(caller, ttl_seconds=TICKET_SECONDS)
        return Success(data=TicketView(ticket=ticket, expires_in_seconds=TICKET_SECONDS))

    return router
