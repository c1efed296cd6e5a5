"""What was said longer ago than an agent is shown: who puts it in short, and where it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.domain.conversation import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTurn:
    """A turn and its place in the order of arrival."""

    turn: Turn
    arrival: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsummarised:
    """What the summary of a conversation does not hold yet.

    Attributes:
        until: the place that the summary reaches.
        turns: what came behind it, in the order of arrival; nothing that is still being answered, nor what came later.
    """

    summary: str
    until: int
    turns: tuple[PastTurn, ...]


class SummaryStore(Protocol):
    """Keeps a running summary with each conversation."""

    async def unsummarised(self, conversation_id: str, *, limit: int) -> Unsummarised | None:
        """The oldest turns that are in no summary; None for a conversation that is not known.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def keep(self, conversation_id: str, summary: str, *, read_until: int, until: int) -> bool:
        """Let the summary reach `until`; False, and nothing kept, where it reaches elsewhere than was read by now.

        Raises:
            StoreUnavailable: not known whether it was kept.
        """


class Summariser(Protocol):
    """Puts in short what was said."""

    async def summarise(self, earlier: str, turns: Sequence[Turn], *, language: str) -> str:
        """A summary of the earlier one and these turns together, in this language (BCP 47).

        Raises:
            ModelUnavailable: no summary.
        """
