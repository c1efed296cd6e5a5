"""What was committed when, kept outside the database that will be lost; and what a restored database holds of it."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One transaction that the database confirmed.

    Attributes:
        key: what it left behind, as `evidence.found_in` names it.
        begun_at: before it was asked for; it was not there then.
        acknowledged_at: after its confirmation; it was there then.
    """

    key: str
    begun_at: datetime
    acknowledged_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The ledger against one restored database.

    Attributes:
        promised: how many commits had to be there.
        missing: commits that had to be there and are not, oldest first.
        unexpected: what is there although it was committed after the target, or never.
        lost: every commit that is not there, oldest first; those after the target are meant to be lost.
        out_of_order: commits that are there although an older one is not.
    """

    promised: int
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    lost: tuple[Commit, ...]
    out_of_order: tuple[str, ...]

    @property
    def problems(self) -> list[str]:
        """What is wrong, in words."""
        found = []
        if self.missing:
            found.append(f"{len(self.missing)} of {self.promised} commits are missing, the first: {self.missing[0]}")
        if self.unexpected:
            found.append(f"{len(self.unexpected)} commits should not be there, the first: {self.unexpected[0]}")
        if self.out_of_order:
            found.append(f"{self.out_of_order[0]} is there, and something older is not: this never was a state")
        return found


@dataclass(slots=True)
class Ledger:
    """Commits in the order in which one writer made them, one after the other."""

    commits: list[Commit] = field(default_factory=list)

    def compare(self, found: AbstractSet[str], *, target: datetime | None, safe_until: datetime) -> Comparison:
        """Judge a restored database.

        Args:
            found: what it holds.
            target: the moment that it was restored to; None for the latest possible one.
            safe_until: what was acknowledged up to here has to be there, if the target is not earlier.
        """
        until = safe_until if target is None else target
        promised = [commit for commit in self.commits if commit.acknowledged_at <= until]
        known = {commit.key for commit in self.commits}
        too_late = {commit.key for commit in self.commits if target is not None and commit.begun_at > target}
        lost = [commit for commit in self.commits if commit.key not in found]
        after_the_first_lost = self.commits[self.commits.index(lost[0]) :] if lost else []
        return Comparison(
            promised=len(promised),
            missing=tuple(commit.key for commit in promised if commit.key not in found),
            unexpected=tuple(sorted((found - known) | (found & too_late))),
            lost=tuple(lost),
            out_of_order=tuple(commit.key for commit in after_the_first_lost if commit.key in found),
        )


def exposure(comparison: Comparison, *, disaster_at: datetime) -> timedelta:
    """How old the oldest lost commit was at the disaster: the work of this time is gone."""
    return disaster_at - comparison.lost[0].acknowledged_at if comparison.lost else timedelta()
