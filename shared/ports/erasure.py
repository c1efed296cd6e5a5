"""Finding and removing everything that is kept of a user, in bounded steps that may be repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from shared.domain.conversation import ConversationKey
from shared.domain.erasure import CallTrace, Counts, MessageTrace, Subject
from shared.domain.json_value import JSON


class UserRows(Protocol):
    """The database. Everything raises StoreUnavailable; then nothing of that step is known to have happened."""

    async def find(self, user_id: str, *, channel: str | None) -> Subject:
        """The user with all identities that are known to be the same person's."""

    async def find_by_conversation(self, conversation_id: str) -> ConversationKey | None:
        """Whose conversation it is; None when there is none."""

    async def keys(self, subject: Subject) -> tuple[ConversationKey, ...]:
        """Every channel and identity under which something may be cached."""

    async def busy(self, subject: Subject) -> str | None:
        """`call` while one is going on, `message` while one is being answered; else None."""

    async def count(self, subject: Subject) -> Counts:
        """How many rows of each table there are, but for those that only a look at all events finds."""

    async def calls(self, subject: Subject, *, after: CallTrace | None, limit: int) -> Sequence[CallTrace]:
        """The next calls in a fixed order."""

    async def files(self, subject: Subject, *, after: MessageTrace | None, limit: int) -> Sequence[MessageTrace]:
        """The next messages with files, or with replies that are more than text, in a fixed order."""

    async def erase_messages(self, subject: Subject, *, limit: int) -> Counts:
        """Remove some messages with everything that hangs on them; empty when there are none left."""

    async def events(self, subject: Subject, *, after: int, limit: int, is_dry_run: bool) -> tuple[int | None, Counts]:
        """Look at the next `limit` events after this one and remove those that name the user.

        Returns where to go on, None at the end.
        """

    async def begin(self, subject_hash: str, *, channel: str | None, requested_by: str) -> str:
        """Record that an erasure begins; its id."""

    async def erase_rest(self, subject: Subject) -> Counts | None:
        """Remove the user, and whatever else is left, in one step; None while there are messages."""

    async def finish(self, erasure_id: str, counts: Mapping[str, JSON]) -> None:
        """Record that it is done, and how much was removed from each store."""


class UserObjects(Protocol):
    """Recordings and files."""

    async def count(self, folder: str) -> int:
        """How many versions, marks of deletions and unfinished uploads lie under it.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def erase(self, folder: str) -> int:
        """Remove them all; how many there were.

        Raises:
            StoreUnavailable: some may be left; asking again is safe.
        """


class UserCaches(Protocol):
    """What is remembered for a while."""

    async def erase(self, keys: Sequence[ConversationKey], call_sids: Sequence[str], *, is_dry_run: bool) -> Counts:
        """Forget it, recent live updates and what is counted of these calls included; how much there was.

        Raises:
            StoreUnavailable: some may be left; asking again is safe.
        """


class DeadLetters(Protocol):
    """Messages that nobody could handle and that wait for a person to look at them."""

    async def erase(self, subject: Subject, *, is_dry_run: bool) -> Counts:
        """Remove the user's; `unseen` counts that not all could be looked at.

        Raises:
            QueueUnavailable: some may be left; asking again is safe.
        """
