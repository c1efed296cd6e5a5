"""What the business begins: messages and calls."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header

from shared import errors
from shared.http_api import outbound_examples as examples
from shared.http_api.envelope import Success, fails_with, succeeds_with
from shared.http_api.outbound_models import NewOutboundCall, NewOutboundMessage, PlacedCallView, SentMessageView
from shared.use_cases.place_call import PlaceCall
from shared.use_cases.send_outbound_message import SendOutboundMessage

IdempotencyKey = Annotated[
    str,
    Header(
        pattern=r"^[\x21-\x7e]{1,128}$",
        examples=["5f0c2d1e-reminder-919800000001"],
        description="A name of your own for this request; repeating the request with it sends nothing twice.",
    ),
]
NOT_SENT = (
    errors.InvalidRequest,
    errors.InvalidContent,
    errors.Inapplicable,
    errors.WindowClosed,
    errors.OptedOut,
    errors.VersionConflict,
    errors.AlreadyClaimed,
    errors.ProviderUnavailable,
    errors.StoreUnavailable,
)
"""Why a message does not leave."""
_NOT_RUNG = (
    errors.InvalidRequest,
    errors.InvalidContent,
    errors.Inapplicable,
    errors.ProviderRejected,
    errors.RateLimited,
    errors.AlreadyClaimed,
    errors.ProviderUnavailable,
    errors.StoreUnavailable,
)


def outbound_routes(send_outbound_message: SendOutboundMessage, place_call: PlaceCall) -> APIRouter:
    """The operations, for a router that lets admins in only."""
    router = APIRouter(tags=["outbound"])

    @router.post(
        "/outbound-messages",
        status_code=201,
        responses=succeeds_with(examples.SENT_MESSAGE, status=201) | fails_with(*NOT_SENT),
    )
    async def send_message(message: NewOutboundMessage, idempotency_key: IdempotencyKey) -> Success[SentMessageView]:
        """Send a message; the same key sends it once.

        Anything but a template needs the user to have written within 24 hours; later it is refused as
        `window_closed`, or the `fallback_template` is sent instead. Choices and menus become numbered words on
        channels without buttons. What a channel cannot carry is refused with the limit it breaks, and nothing is kept.
        """
        sent = await send_outbound_message(message.message(), idempotency_key=idempotency_key)
        return Success(data=SentMessageView.of(sent))

    @router.post(
        "/outbound-calls",
        status_code=201,
        responses=succeeds_with(examples.PLACED_CALL, status=201) | fails_with(*_NOT_RUNG),
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

    return router
