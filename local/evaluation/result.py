"""What came of playing a scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One scenario, played once.

    Attributes:
        problems: what was otherwise than expected; none when it passed.
        failed_step: its number, from 1; 0 when it passed or never began.
        transcript: who said what, a line each.
        ids: what to look up: conversations, calls, the user.
    """

    name: str
    title: str
    channel: str
    tags: Sequence[str]
    attempt: int
    seconds: float
    problems: Sequence[str] = ()
    failed_step: int = 0
    transcript: Sequence[str] = ()
    ids: Sequence[str] = ()

    @property
    def has_passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.problems
