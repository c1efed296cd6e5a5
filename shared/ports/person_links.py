"""Who agreed that what they say on one channel is known on another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.conversation import ConversationKey
from shared.domain.person_link import PersonLink


class PersonLinks(Protocol):
    """Keeps links. An identity belongs to one person at most; nobody is linked who is not in here."""

    async def link(self, identities: Sequence[ConversationKey], *, noted_by: str) -> PersonLink:
        """Let these identities be one person, whatever they were linked with before.

        Linking the same ones again changes nothing. An identity under which a user was seen in another form is linked
        in the form in which the user is kept.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """

    async def all(self, *, of: ConversationKey | None = None, after: str = "", limit: int) -> tuple[PersonLink, ...]:
        """The links, or the one of an identity, by person id; `after` is the last one that was seen.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def unlink(self, person_id: str) -> PersonLink:
        """Remove a link, and return what it was.

        Raises:
            NotFound: there is none.
            StoreUnavailable: nothing is known to have happened.
        """
