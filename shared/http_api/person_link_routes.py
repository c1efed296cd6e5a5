"""Operations on identities that are one person's."""

# No postponed annotations here: FastAPI could not resolve the dependency that is local to a function.
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi import Path as PathParameter

from shared import errors
from shared.domain.access import Caller
from shared.domain.conversation import ConversationKey
from shared.http_api import person_link_examples as examples
from shared.http_api.access import Authenticate
from shared.http_api.envelope import ItemPage, Success, fails_with, succeeds_with
from shared.http_api.fields import Identifier
from shared.http_api.history_examples import page
from shared.http_api.person_link_models import NewPersonLink, PersonLinkView
from shared.use_cases.link_persons import MOST_LINKS, LinkPersons

PersonId = Annotated[Identifier, PathParameter(examples=[examples.LINK["person_id"]])]
_with_input = fails_with(errors.InvalidRequest, errors.InvalidContent, errors.Inapplicable)


def person_link_routes(link_persons: LinkPersons, authenticate: Authenticate) -> APIRouter:
    """The operations, for a router that lets admins in only."""
    router = APIRouter(prefix="/person-links", tags=["person links"])
    caller_of = Annotated[Caller, Depends(authenticate)]

    @router.put("", responses=succeeds_with(examples.LINK) | _with_input)
    async def link(wanted: NewPersonLink, caller: caller_of) -> Success[PersonLinkView]:
        """Link a person's identities: from the next message on, agents are told in short what the others said.

        Each belongs to one person at most; what it was linked with before is parted. The same again changes nothing.
        """
        keys = [identity.key() for identity in wanted.identities]
        return Success(data=PersonLinkView.model_validate(await link_persons.link(keys, noted_by=caller.subject)))

    @router.get("", responses=succeeds_with(page(examples.LINK)) | _with_input)
    async def list_links(
        identity: Annotated[
            str | None,
            Query(
                pattern=r"^[a-z0-9][a-z0-9-]{0,62}:[!-~]{1,128}$",
                examples=["whatsapp:919845012345"],
                description="The link of this identity alone: channel, colon, user id.",
            ),
        ] = None,
        cursor: Annotated[Identifier | None, Query(description="`next_cursor` of the page before.")] = None,
    ) -> Success[ItemPage[PersonLinkView]]:
        """List who is linked, a hundred at a time."""
        channel, _, user_id = (identity or "").partition(":")
        of = ConversationKey(channel=channel, user_id=user_id.removeprefix("+")) if identity else None
        links = await link_persons.all(of=of, after=cursor or "")
        items = [PersonLinkView.model_validate(one) for one in links]
        following = items[-1].person_id if len(items) == MOST_LINKS else None
        return Success(data=ItemPage[PersonLinkView](items=items, next_cursor=following))

    @router.delete("/{person_id}", status_code=204, responses=fails_with(errors.NotFound) | _with_input)
    async def unlink(person_id: PersonId) -> None:
        """Part the identities again; agents hear nothing more of one about the other."""
        await link_persons.unlink(person_id)

    return router
