"""The result as a table, as Markdown and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from local.drill.fault import NotTried
from local.drill.process_watch import CRASH_LOOP_STARTS
from local.drill.series import Outcome

LONGEST_RECOVERY_SECONDS = 10.0
MOST_GROWTH = 1.5
"""Of the memory of all programs together, over a series of at least `FEWEST_FOR_GROWTH` faults."""

FEWEST_FOR_GROWTH = 5
HEADINGS = ("fault", "callers noticed", "senders and readers noticed", "recovery s", "lost", "doubled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One fault with the verdict over everything accepted while it was played."""

    outcome: Outcome
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    apologies: int
    """How often the agent apologised in a call."""

    @property
    def problems(self) -> list[str]:
        """Why this fault fails the drill."""
        outcome = self.outcome
        found = [*self.lost]
        if self.doubled and not outcome.fault.edge:
            found += self.doubled
        if outcome.recovery_seconds is None:
            found.append("did not recover")
        elif outcome.recovery_seconds > LONGEST_RECOVERY_SECONDS:
            found.append(f"recovered after {outcome.recovery_seconds:.1f} s")
        found += [
            f"{name} was started {count} times"
            for name, count in outcome.starts.items()
            if count >= CRASH_LOOP_STARTS and name not in outcome.fault.restarts
        ]
        return found

    def cells(self) -> tuple[str, ...]:
        """The row's texts."""
        recovery = self.outcome.recovery_seconds
        edge = f" ({self.outcome.fault.edge})" if self.doubled and self.outcome.fault.edge else ""
        return (
            self.outcome.fault.title,
            self._callers(),
            _senders(self.outcome),
            "never" if recovery is None else f"{recovery:.1f}",
            str(len(self.lost)),
            f"{len(self.doubled)}{edge}",
        )

    def _callers(self) -> str:
        seen = self.outcome.impression
        said = [
            f"{count} {words}"
            for count, words in (
                (seen.calls_cut, "cut"),
                (seen.calls_not_connected, "not connected"),
                (seen.reconnected, "reconnected"),
                (self.apologies, "apologies"),
                (seen.announced, "announcements"),
            )
            if count
        ]
        return ", ".join([*said, f"longest silence {seen.silence_seconds:.1f} s"])


def growth(rows: Sequence[Row]) -> str | None:
    """What grew without bound over the series, in words; a queue that does is lost messages, which each row tells."""
    if len(rows) < FEWEST_FOR_GROWTH:
        return None
    first, last = rows[0].outcome.memory_mb, rows[-1].outcome.memory_mb
    return f"memory grew from {first:.0f} to {last:.0f} MB" if last > MOST_GROWTH * first else None


def markdown(rows: Sequence[Row], not_tried: Sequence[NotTried]) -> str:
    """The whole table."""
    lines = [_line(HEADINGS), _line(["---", "---", "---", "---:", "---:", "---:"])]
    lines += [_line(row.cells()) for row in rows]
    lines += [_line((fault.title, f"not tried: {fault.why}", "", "", "", "")) for fault in not_tried]
    return "\n".join(lines)


def as_json(rows: Sequence[Row], not_tried: Sequence[NotTried]) -> list[dict[str, Any]]:
    """The same for programs, with everything that was counted."""
    tried = [
        {
            "name": row.outcome.fault.name,
            "title": row.outcome.fault.title,
            "lasted_seconds": row.outcome.fault.seconds,
            **asdict(row.outcome.impression),
            "recovery_seconds": row.outcome.recovery_seconds,
            "starts": dict(row.outcome.starts),
            "tracebacks": dict(row.outcome.tracebacks),
            "memory_mb": row.outcome.memory_mb,
            "apologies": row.apologies,
            "lost": list(row.lost),
            "doubled": list(row.doubled),
            "problems": row.problems,
        }
        for row in rows
    ]
    return [*tried, *({"name": fault.name, "title": fault.title, "not_tried": fault.why} for fault in not_tried)]


def _senders(outcome: Outcome) -> str:
    seen = outcome.impression
    said = [f"{seen.refused_posts} of {seen.posts} webhooks refused"] if seen.refused_posts else []
    if seen.refused_pages:
        said.append(f"{seen.refused_pages} pages refused")
    slowest = "none" if seen.slowest_reply_seconds is None else f"{seen.slowest_reply_seconds:.1f} s"
    return ", ".join([*said, f"longest reply {slowest}"])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
