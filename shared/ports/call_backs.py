"""Promises to ring somebody back, until they are kept."""

from __future__ import annotations

from typing import Protocol

from shared.domain.call_back import CallBack, CallBackState, WhoRings
from shared.domain.conversation import ConversationKey
from shared.ports.history import Page


class CallBacks(Protocol):
    """Keeps them, and hands out those that are due."""

    async def promise(self, call_back: CallBack) -> CallBack:
        """Keep a promise; if one is kept under the id, that one stands.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """

    async def pending(self, phone_number: str, *, besides: str) -> int:
        """How many promises of a call by an agent the number waits for, not counting the one of that id.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def promised_in(self, call_back: CallBack) -> ConversationKey:
        """With whom, and on which channel, it was promised.

        Raises:
            NotFound: the conversation is gone.
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def set_to_next(self, *, retry_seconds: int) -> CallBack | None:
        """Take the right to ring for the next promise that is due, counted as an attempt; None when none is due.

        One that somebody set to, and that was not settled within `retry_seconds`, is due again. Safe against any
        number of workers at once.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """

    async def note_about(self, call_back: CallBack, note: str) -> ConversationKey:
        """Keep a note as a turn of the system in the number's conversation by telephone, once for each promise.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """

    async def note_call(self, call_back: CallBack, call_sid: str) -> bool:
        """Note the call that was placed; False when the promise is no longer in the caller's hands.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """

    async def settle(self, call_back: CallBack, state: CallBackState) -> bool:
        """Note what became of it; False when the promise is no longer in the caller's hands.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """

    async def strike(self, call_back_id: str, state: CallBackState) -> CallBack:
        """Take a pending promise off the list as DONE or CANCELLED; one that is so already stays so.

        Raises:
            NotFound: no such promise.
            VersionConflict: it became something else already.
            StoreUnavailable: nothing is known to have happened.
        """

    async def page(
        self, *, state: CallBackState | None, wanted: WhoRings | None, cursor: str | None, limit: int
    ) -> Page[CallBack]:
        """A page of promises by the moment they are due, the latest first; what is None does not matter.

        Raises:
            InvalidRequest: the cursor is not one of ours.
            StoreUnavailable: no answer within the adapter's timeout.
        """
