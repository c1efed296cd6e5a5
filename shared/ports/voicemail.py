"""What is to be said to a machine that takes a call of ours."""

from __future__ import annotations

from typing import Protocol


class VoicemailMessages(Protocol):
    """A text per call, kept with the call's record."""

    async def keep(self, call_sid: str, text: str) -> None:
        """Keep the text with the call; the first one stands.

        Raises:
            NotFound: there is no such call.
            StoreUnavailable: nothing is known to have happened.
        """

    async def find(self, call_sid: str) -> str | None:
        """The call's text; None when nothing is to be said, or the call is not known.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """
