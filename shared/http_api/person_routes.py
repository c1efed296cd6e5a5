"""What a person of the business does in a conversation: take it over, write in it, give it back."""

# No postponed annotations here: FastAPI could not resolve the dependency that is local to a function.
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi import Path as PathParameter

from shared import errors
from shared.domain.access import Caller
from shared.domain.conversation import ConversationStatus
from shared.http_api import history_examples, outbound_examples
from shared.http_api.access import Authenticate
from shared.http_api.envelope import Success, fails_with, succeeds_with
from shared.http_api.fields import Identifier
from shared.http_api.history_models import ConversationView
from shared.http_api.outbound_models import NewPersonMessage, SentMessageView
from shared.http_api.outbound_routes import NOT_SENT, IdempotencyKey
from shared.use_cases.change_hands import ChangeHands
from shared.use_cases.write_as_person import WriteAsPerson

ConversationId = Annotated[Identifier, PathParameter(examples=[history_examples.CONVERSATION["id"]])]
_ANSWERED_BY = fails_with(errors.NotFound, errors.InvalidRequest, errors.InvalidContent, errors.Inapplicable)


def person_routes(change_hands: ChangeHands, write_as_person: WriteAsPerson, authenticate: Authenticate) -> APIRouter:
    """The operations, for a router that lets operators in only."""
    router = APIRouter(prefix="/conversations/{conversation_id}", tags=["conversations"])
    caller_of = Annotated[Caller, Depends(authenticate)]

    @router.post(
        "/takeover",
        responses=succeeds_with(history_examples.CONVERSATION | {"status": "human"}) | _ANSWERED_BY,
    )
    async def take_over(conversation_id: ConversationId) -> Success[ConversationView]:
        """Take a conversation over; the agents stay silent until it is released."""
        taken = await change_hands(conversation_id, to=ConversationStatus.HUMAN)
        return Success(data=ConversationView.model_validate(taken))

    @router.post("/release", responses=succeeds_with(history_examples.CONVERSATION) | _ANSWERED_BY)
    async def release(conversation_id: ConversationId) -> Success[ConversationView]:
        """Give a conversation back to the agents."""
        released = await change_hands(conversation_id, to=ConversationStatus.OPEN)
        return Success(data=ConversationView.model_validate(released))

    @router.post(
        "/messages",
        status_code=201,
        responses=succeeds_with(outbound_examples.PERSON_MESSAGE, status=201)
        | fails_with(*NOT_SENT, errors.NotFound, errors.NotTakenOver),
    )
    async def write(
        conversation_id: ConversationId, message: NewPersonMessage, idempotency_key: IdempotencyKey, caller: caller_of
    ) -> Success[SentMessageView]:
        """Write to the user of a conversation that a person took over; the same key sends it once.

        Refused as `not_taken_over` while the agents have it. The 24 hours after the user's last message count here
        too. The agents will know what was said once the conversation is released.
        """
        sent = await write_as_person(
            conversation_id, message.message_to, person=caller.subject, idempotency_key=idempotency_key
        )
        return Success(data=SentMessageView.of(sent))

    return router
