"""What happened: conversations, messages, calls and recordings; and the OpenAPI document of the whole platform."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from fastapi import Path as PathParameter

from shared import errors, wiring
from shared.domain.access import Role
from shared.domain.call import CallState
from shared.domain.conversation import ConversationStatus
from shared.http_api import history_examples as examples
from shared.http_api.access import signed_in, with_role
from shared.http_api.application import create_application
from shared.http_api.documentation import docs_page
from shared.http_api.envelope import ItemPage, Success, fails_with, succeeds_with
from shared.http_api.fields import (
    CallCursor,
    Flag,
    IdCursor,
    Identifier,
    PlainText,
    TurnCursor,
    UserIdentity,
    WantedTime,
)
from shared.http_api.history_models import (
    CallDetailView,
    CallView,
    ConversationView,
    MessageView,
    RecordingView,
)
from shared.http_api.lambda_entry import lambda_entry
from shared.http_api.tool_examples import TOOL_CALL
from shared.http_api.tool_models import ToolCallView
from shared.ports.history import PAGE_LIMIT, HistoryFilter

DOCUMENT = Path(__file__).with_name("openapi.json")

query_history = wiring.query_history()
review_tool_calls = wiring.review_tool_calls()
app = create_application(
    title="Vaani history",
    allowed_origins=wiring.settings().allowed_origins,
    # People write where the history is read; the administration takes that.
    methods_of=lambda path: ("GET", "POST") if re.fullmatch(r"/api/v1/conversations/[^/]+/messages", path) else (),
)
router = APIRouter(
    prefix="/api/v1",
    dependencies=[Depends(with_role(signed_in(wiring.token_verifier(), wiring.limit_requests()), Role.OPERATOR))],
    responses=fails_with(
        errors.InvalidRequest,
        errors.Unauthenticated,
        errors.Forbidden,
        errors.InvalidContent,
        errors.RateLimited,
        errors.StoreUnavailable,
    ),
)

_CURSOR = Query(description="`next_cursor` of the page before; the filters must stay the same.")
ListCursor = Annotated[IdCursor | None, _CURSOR]
CallsCursor = Annotated[CallCursor | None, _CURSOR]
Cursor = Annotated[TurnCursor | None, _CURSOR]
Limit = Annotated[int, Query(ge=1, le=PAGE_LIMIT, description="Most items of a page.")]
ConversationId = Annotated[Identifier, PathParameter(examples=[examples.CONVERSATION["id"]])]
CallSid = Annotated[Identifier, PathParameter(examples=[examples.CALL["id"]])]


def wanted_history(
    user_id: Annotated[
        UserIdentity | None,
        Query(
            max_length=128,
            examples=["919800000001"],
            description="Any identity of the user: a phone number (`+91 98000 00001` too), the channel's id, an id of "
            "before.",
        ),
    ] = None,
    channel: Annotated[PlainText | None, Query(max_length=64, examples=["whatsapp"])] = None,
    agent_id: Annotated[PlainText | None, Query(max_length=64, examples=["appointments"])] = None,
    since: Annotated[WantedTime | None, Query(alias="from", examples=["2026-03-01T00:00:00Z"])] = None,
    until: Annotated[WantedTime | None, Query(alias="to", examples=["2026-04-01T00:00:00Z"])] = None,
    status: Annotated[ConversationStatus | None, Query(examples=["open"])] = None,
    q: Annotated[PlainText | None, Query(min_length=1, max_length=200, examples=["doctor"])] = None,
) -> HistoryFilter:
    """The filters of a list; `from` is included, `to` is not, `q` searches the words of the turns."""
    return HistoryFilter(
        user_id=user_id, channel=channel, agent_id=agent_id, since=since, until=until, status=status, text=q
    )


Wanted = Annotated[HistoryFilter, Depends(wanted_history)]
States = Annotated[
    tuple[CallState, ...], Query(max_length=len(CallState), description="Any of these; repeat it for several.")
]


@router.get("/conversations", tags=["conversations"], responses=succeeds_with(examples.page(examples.CONVERSATION)))
async def list_conversations(
    wanted: Wanted,
    needs_attention: Flag | None = None,
    cursor: ListCursor = None,
    limit: Limit = 50,
) -> Success[ItemPage[ConversationView]]:
    """List conversations, the latest message first."""
    wanted = replace(wanted, needs_attention=needs_attention)
    page = await query_history.conversations(wanted, cursor=cursor, limit=limit)
    return Success(data=ItemPage[ConversationView].model_validate(page))


@router.get(
    "/conversations/{conversation_id}",
    tags=["conversations"],
    responses=succeeds_with(examples.CONVERSATION) | fails_with(errors.NotFound),
)
async def read_conversation(conversation_id: ConversationId) -> Success[ConversationView]:
    """Read one conversation."""
    return Success(data=ConversationView.model_validate(await query_history.conversation(conversation_id)))


@router.get(
    "/conversations/{conversation_id}/messages",
    tags=["conversations"],
    responses=succeeds_with(examples.page(examples.QUESTION, examples.ANSWER)) | fails_with(errors.NotFound),
)
async def list_messages(
    conversation_id: ConversationId, cursor: Cursor = None, limit: Limit = 50
) -> Success[ItemPage[MessageView]]:
    """List a conversation's messages in the order they were said."""
    page = await query_history.messages(conversation_id, cursor=cursor, limit=limit)
    return Success(data=ItemPage[MessageView].model_validate(page))


@router.get(
    "/conversations/{conversation_id}/tool-calls",
    tags=["conversations"],
    responses=succeeds_with(examples.page(TOOL_CALL)) | fails_with(errors.NotFound),
)
async def list_tool_calls(
    conversation_id: ConversationId, cursor: ListCursor = None, limit: Limit = 50
) -> Success[ItemPage[ToolCallView]]:
    """List what agents did in a conversation besides talking: each use of a tool, in the order they began."""
    page = await review_tool_calls(conversation_id, cursor=cursor, limit=limit)
    return Success(data=ItemPage[ToolCallView].model_validate(page))


@router.get("/calls", tags=["calls"], responses=succeeds_with(examples.page(examples.CALL)))
async def list_calls(
    wanted: Wanted, state: States = (), cursor: CallsCursor = None, limit: Limit = 50
) -> Success[ItemPage[CallView]]:
    """List calls, the latest first; `state=ringing&state=live` are those that go on now."""
    page = await query_history.calls(replace(wanted, call_states=state), cursor=cursor, limit=limit)
    views = [CallView.of(call) for call in page.items]
    return Success(data=ItemPage[CallView](items=views, next_cursor=page.next_cursor))


@router.get(
    "/calls/{call_sid}", tags=["calls"], responses=succeeds_with(examples.CALL_DETAIL) | fails_with(errors.NotFound)
)
async def read_call(call_sid: CallSid) -> Success[CallDetailView]:
    """Read one call with its transcript, in milliseconds since the media stream started."""
    account = await query_history.call(call_sid)
    return Success(data=CallDetailView.with_transcript(account.call, account.transcript))


@router.get(
    "/calls/{call_sid}/recording",
    tags=["calls"],
    responses=succeeds_with(examples.RECORDING) | fails_with(errors.NotFound),
)
async def read_recording(call_sid: CallSid) -> Success[RecordingView]:
    """Get a short-lived address of a call's stereo recording: caller left, agent right."""
    return Success(data=RecordingView.model_validate(await query_history.recording(call_sid), from_attributes=True))


@app.get("/api/v1/openapi.json", include_in_schema=False)
async def openapi_document() -> Response:
    """The platform's OpenAPI document, as it was generated from the code when this was built."""
    return Response(DOCUMENT.read_bytes(), media_type="application/json", headers={"cache-control": "max-age=300"})


@app.get("/api/v1/docs", include_in_schema=False)
async def docs() -> Response:
    """The same document as a page for people."""
    page = docs_page(DOCUMENT.read_bytes())
    return Response(page.html, media_type="text/html", headers={"content-security-policy": page.security_policy})


@app.get("/health/history_api", include_in_schema=False)
async def health() -> Success[dict[str, bool]]:
    """The function starts; no store is asked."""
    return Success(data={"alive": True})


app.include_router(router)
handler = lambda_entry(app)
