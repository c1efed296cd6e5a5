"""PersonLinks in memory."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from shared.domain.conversation import ConversationKey
from shared.domain.person_link import PersonLink
from shared.errors import NotFound


class FakePersonLinks:
    """Implements `PersonLinks`; `aliases` gives the form in which an identity is kept."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.kept: dict[str, PersonLink] = {}
        self.aliases: dict[ConversationKey, ConversationKey] = {}

    async def link(self, identities: Sequence[ConversationKey], *, noted_by: str) -> PersonLink:
        named = {self.aliases.get(key, key) for key in identities}
        keys = tuple(sorted(named, key=lambda key: (key.channel, key.user_id)))
        for link in self.kept.values():
            if link.identities == keys:
                return link
        for person_id, link in list(self.kept.items()):
            left = tuple(key for key in link.identities if key not in keys)
            if len(left) < 2:
                del self.kept[person_id]
            else:
                self.kept[person_id] = replace(link, identities=left)
        person_id = str(uuid.uuid4())
        self.kept[person_id] = PersonLink(
            person_id=person_id, identities=keys, noted_by=noted_by, linked_at=self._clock()
        )
        return self.kept[person_id]

    async def all(self, *, of: ConversationKey | None = None, after: str = "", limit: int) -> tuple[PersonLink, ...]:
        links = (self.kept[person_id] for person_id in sorted(self.kept) if person_id > after)
        wanted = None if of is None else self.aliases.get(of, of)
        return tuple(link for link in links if wanted is None or wanted in link.identities)[:limit]

    async def unlink(self, person_id: str) -> PersonLink:
        if person_id not in self.kept:
            raise NotFound("There is no such link.")
        return self.kept.pop(person_id)
