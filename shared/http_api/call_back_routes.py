"""Operations on promised calls."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi import Path as PathParameter

from shared import errors
from shared.domain.call_back import CallBackState, WhoRings
from shared.http_api import call_back_examples as examples
from shared.http_api.call_back_models import CallBackView
from shared.http_api.envelope import ItemPage, Success, fails_with, succeeds_with
from shared.http_api.fields import IdCursor, Identifier
from shared.http_api.history_examples import page
from shared.ports.call_backs import CallBacks
from shared.ports.history import PAGE_LIMIT

CallBackId = Annotated[Identifier, PathParameter(examples=[examples.CALL_BACK["id"]])]
_changes = fails_with(errors.NotFound, errors.VersionConflict, errors.InvalidRequest, errors.InvalidContent)


def call_back_routes(call_backs: CallBacks) -> APIRouter:
    """The operations, for a router that lets operators in only."""
    router = APIRouter(prefix="/call-backs", tags=["call backs"])

    @router.get(
        "",
        responses=succeeds_with(page(examples.CALL_BACK)) | fails_with(errors.InvalidRequest, errors.InvalidContent),
    )
    async def list_call_backs(
        state: CallBackState | None = None,
        wanted: WhoRings | None = None,
        cursor: Annotated[
            IdCursor | None, Query(description="`next_cursor` of the page before, with the same filters.")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_LIMIT, description="Most items of a page.")] = 50,
    ) -> Success[ItemPage[CallBackView]]:
        """List promised calls, the latest due first; `wanted=person&state=due` is what people have to do."""
        found = await call_backs.page(state=state, wanted=wanted, cursor=cursor, limit=limit)
        items = [CallBackView.model_validate(call_back) for call_back in found.items]
        return Success(data=ItemPage[CallBackView](items=items, next_cursor=found.next_cursor))

    @router.post("/{call_back_id}/done", responses=succeeds_with(examples.CALL_BACK | {"state": "done"}) | _changes)
    async def note_done(call_back_id: CallBackId) -> Success[CallBackView]:
        """Note that somebody has called; nobody is rung any more."""
        return Success(data=CallBackView.model_validate(await call_backs.strike(call_back_id, CallBackState.DONE)))

    @router.delete("/{call_back_id}", status_code=204, responses=_changes)
    async def cancel(call_back_id: CallBackId) -> None:
        """Cancel a promised call that was not made yet; doing it again changes nothing."""
        await call_backs.strike(call_back_id, CallBackState.CANCELLED)

    return router
