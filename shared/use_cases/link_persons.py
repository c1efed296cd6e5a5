"""A person agrees that what is said on one channel is known on another, or no longer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.domain.conversation import ConversationKey
from shared.domain.person_link import PersonLink
from shared.errors import Inapplicable, StoreUnavailable
from shared.observability import logger
from shared.ports.person_links import PersonLinks
from shared.ports.stores import ContextStore

MOST_LINKS = 100
_FEWEST, _MOST = 2, 5


class LinkPersons:
    """Links identities, and lets what is cached of them be read anew, so that it takes effect with the next message."""

    def __init__(self, links: PersonLinks, contexts: ContextStore) -> None:
        self._links = links
        self._contexts = contexts

    async def link(self, identities: Sequence[ConversationKey], *, noted_by: str) -> PersonLink:
        """Let these identities be one person.

        Raises:
            Inapplicable: they are fewer than two, or too many.
            StoreUnavailable: not linked.
        """
        distinct = tuple(dict.fromkeys(identities))
        if not _FEWEST <= len(distinct) <= _MOST:
            raise Inapplicable(f"Link {_FEWEST} to {_MOST} different identities.")
        earlier = [link for key in distinct for link in await self._links.all(of=key, limit=1)]
        link = await self._links.link(distinct, noted_by=noted_by)
        await self._read_anew([*(key for other in earlier for key in other.identities), *link.identities])
        logger.info("person_linked", person_id=link.person_id, identities=len(link.identities))
        return link

    async def all(self, *, of: ConversationKey | None = None, after: str = "") -> tuple[PersonLink, ...]:
        """A page of the links, or the one of an identity."""
        return await self._links.all(of=of, after=after, limit=MOST_LINKS)

    async def linked(self, key: ConversationKey) -> tuple[ConversationKey, ...]:
        """The person's other identities; none unless the person agreed."""
        links = await self._links.all(of=key, limit=1)
        return tuple(other for link in links for other in link.identities if other != key)

    async def unlink(self, person_id: str) -> None:
        """Part the identities again.

        Raises:
            NotFound: there is no such link.
            StoreUnavailable: not parted.
        """
        link = await self._links.unlink(person_id)
        await self._read_anew(link.identities)
        logger.info("person_unlinked", person_id=person_id)

    async def _read_anew(self, keys: Iterable[ConversationKey]) -> None:
        for key in dict.fromkeys(keys):
            try:
                await self._contexts.forget(key)
            except StoreUnavailable:
                # What was said elsewhere is looked up again within minutes by itself.
                logger.warning("context_not_forgotten")
