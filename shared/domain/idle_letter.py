"""The letter about what could be saved: a subject with the sum, what to do about each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from shared.domain.idle_recommendation import RESERVATION_ENDS, RESERVE, Notes, Notice, Recommendation

# Source: Amazon SNS API reference, Publish: a subject is ASCII, on one line, shorter than 100 characters.
LONGEST_SUBJECT = 99
_HEADINGS = {
    "": "Idle for at least 24 hours: give them up, or say that they are to be kept",
    RESERVE: "Steady enough to be reserved",
    RESERVATION_ENDS: "Reservations that end within 60 days",
}


def write_notice(notes: Notes, now: datetime, *, stack: str, region: str) -> Notes:
    """The notes with the notice that is due now, or without any.

    News are what was never told and what costs much more than was told. The first report of a month also recalls
    what people know and have not acted on.
    """
    due = [item for item in notes.recommendations if item.is_due(now)]
    news = [item for item in due if item.told_at is None or item.has_risen]
    month = f"{now:%Y-%m}"
    known = [item for item in due if item not in news]
    recalled = known if notes.reminded_in not in ("", month) else []
    notes = replace(notes, reminded_in=month)
    if not news and not recalled:
        return notes
    pending = Notice(
        subject=_subject(news or recalled, stack=stack, is_reminder=not news),
        text=_text(news, recalled, now, stack=stack, region=region),
        keys=tuple(item.key for item in news),
        written_at=now,
    )
    return replace(notes, pending=pending)


def total_of(recommendations: Sequence[Recommendation]) -> Decimal:
    """What all of them cost by the month, as far as prices are assumed."""
    return sum((item.monthly_cost or Decimal(0) for item in recommendations), Decimal(0))


def _subject(items: Sequence[Recommendation], *, stack: str, is_reminder: bool) -> str:
    idle = [item for item in items if item.is_idleness]
    parts = ["reminder"] if is_reminder else []
    parts += [f"{len(idle)} idle resource{'s' * (len(idle) != 1)}"] if idle else []
    parts += ["reserved capacity"] if len(idle) < len(items) else []
    parts += [f"save about {total_of(items)} USD a month"] if total_of(items) else []
    subject = f"Vaani {stack}: {', '.join(parts)}"
    return subject.encode("ascii", "replace").decode()[:LONGEST_SUBJECT]


def _text(
    news: Sequence[Recommendation], recalled: Sequence[Recommendation], now: datetime, *, stack: str, region: str
) -> str:
    lines = [f"What could be saved in the stack {stack} in {region}, {now:%Y-%m-%d %H:%M} UTC.", ""]
    number = 0
    for topic, heading in _HEADINGS.items():
        chosen = [item for item in news if (item.kind == topic if topic else item.is_idleness)]
        if chosen:
            lines += [f"{heading} (about {total_of(chosen)} USD a month)" if total_of(chosen) else heading, ""]
        for item in chosen:
            number += 1
            lines += [*_entry(number, item), ""]
    if recalled:
        lines += [f"Told before and still so (about {total_of(recalled)} USD a month; this reminder comes monthly)", ""]
        lines += [f"- {item.kind} {item.name}, since {item.since:%Y-%m-%d}, {_price(item)}" for item in recalled]
        lines.append("")
    return "\n".join([*lines, *_closing(region)])


def _entry(number: int, item: Recommendation) -> list[str]:
    price = "" if item.kind == RESERVATION_ENDS else f": {_price(item)}"
    risen = f" (told before as about {item.told_cost} USD)" if item.has_risen else ""
    lines = [
        f"{number}. {item.kind} {item.name}{price}{risen}",
        f"   Why:      {item.reason}; since {item.since:%Y-%m-%d %H:%M} UTC",
    ]
    if item.assumption:
        lines.append(f"   Estimate: {item.assumption}")
    lines += [
        f"   {'Do this: ' if not place else '         '} {command}" for place, command in enumerate(item.commands)
    ]
    if item.beware:
        lines.append(f"   Beware:   {item.beware}")
    if item.is_idleness:
        lines.append(f"   Resource: {item.key}")
    return lines


def _price(item: Recommendation) -> str:
    return "of unknown cost" if item.monthly_cost is None else f"about {item.monthly_cost} USD a month"


def _closing(region: str) -> list[str]:
    tagging = f"aws resourcegroupstaggingapi tag-resources --region {region} --tags vaani:keep=true"
    return [
        "To keep something and hear no more of it (or until a day: vaani:keep=until:2027-01-31):",
        f"  {tagging} --resource-arn-list RESOURCE",
        "",
        "Each finding is told once, and again when it was used in between or its estimate rises by half.",
        "All that hold now: GET /api/v1/costs/recommendations, or the page Costs and health of the console.",
    ]
