"""What is known against the locked versions: asked of pip-audit, lived with for a while, remembered for a day.

pip-audit passes a package over when its index knows no advisories, and ends well: behind a mirror that serves files
alone, every check would succeed. What was passed over therefore counts as not checked.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from local.supply_chain.locks import Pin

REMEMBERED = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    """One vulnerability of one locked version; `ids` are its names at PyPA, GitHub and MITRE."""

    package: str
    version: str
    ids: tuple[str, ...]
    fixed_in: tuple[str, ...]

    def __str__(self) -> str:
        """One line for a person."""
        fix = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else "no version fixes it yet"
        return f"{self.package} {self.version}: {' = '.join(self.ids)}; {fix}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was learnt of some pins. `unanswered` are names about which the index said nothing."""

    advisories: tuple[Advisory, ...] = ()
    unanswered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """An advisory that is lived with until the end of a day."""

    package: str
    id: str
    reason: str
    until: date

    def covers(self, advisory: Advisory, today: date) -> bool:
        """Whether this advisory is lived with today."""
        return self.package == advisory.package and self.id in advisory.ids and today <= self.until


def read_acceptances(file: Path) -> list[Acceptance]:
    """The list of `requirements/advisories.toml`.

    Raises:
        TypeError: an entry lacks something, or has more than it may.
    """
    return [Acceptance(**entry) for entry in tomllib.loads(file.read_text(encoding="utf-8"))["accepted"]]


def read_answer(report: Mapping[str, Any]) -> Answer:
    """What pip-audit wrote with `--format json`."""
    advisories, unanswered = [], []
    for package in report["dependencies"]:
        if "skip_reason" in package:
            unanswered.append(package["name"])
        for found in package.get("vulns", ()):
            names = (found["id"], *sorted(found["aliases"]))
            version, fixed_in = package["version"], tuple(found["fix_versions"])
            advisories.append(Advisory(package=package["name"], version=version, ids=names, fixed_in=fixed_in))
    return Answer(advisories=tuple(advisories), unanswered=tuple(unanswered))


def join(answers: Iterable[Answer]) -> Answer:
    """Several answers as one."""
    given = list(answers)
    return Answer(
        advisories=tuple(advisory for answer in given for advisory in answer.advisories),
        unanswered=tuple(name for answer in given for name in answer.unanswered),
    )


def sheets(pins: Sequence[Pin], number: int) -> list[str]:
    """The pins as requirement files without markers, at least `number` of them, none with two versions of a package.

    pip-audit leaves out what a marker keeps from the Python that it runs on; production runs on another.
    """
    written: list[dict[str, str]] = [{} for _ in range(number)]
    for position, pin in enumerate(pins):
        free = [sheet for sheet in written[position % number :] + written if pin.name not in sheet]
        if not free:
            written.append({})
            free = written[-1:]
        free[0][pin.name] = f"{pin.name}=={pin.version}"
    return ["\n".join(sheet.values()) + "\n" for sheet in written if sheet]


def verdict(answer: Answer, acceptances: Sequence[Acceptance], today: date) -> tuple[list[str], list[str]]:
    """Lines about what must be mended, and lines about what is lived with."""
    to_mend, lived_with = [], []
    for advisory in answer.advisories:
        by = next((each for each in acceptances if each.covers(advisory, today)), None)
        if by is None:
            to_mend.append(str(advisory))
        else:
            lived_with.append(f"{advisory}; until {by.until}: {by.reason}")
    return to_mend, lived_with


class Memory:
    """The last answer, in a file, with its time and with what was asked."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def save(self, answer: Answer, pins: Sequence[Pin], now: datetime) -> None:
        """Keep an answer."""
        advisories = [
            {"package": each.package, "version": each.version, "ids": each.ids, "fixed_in": each.fixed_in}
            for each in answer.advisories
        ]
        kept = {"at": now.isoformat(), "pins": _names(pins), "advisories": advisories, "unanswered": answer.unanswered}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps(kept), encoding="utf-8")

    def recall(self, pins: Sequence[Pin]) -> tuple[datetime, Answer, int] | None:
        """When it was, the answer as far as it is about these pins, and how many of them it is not about."""
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            at, known = datetime.fromisoformat(kept["at"]), set(kept["pins"])
            advisories = [Advisory(**{**each, **_tuples(each)}) for each in kept["advisories"]]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        asked = set(_names(pins))
        still = tuple(each for each in advisories if f"{each.package}=={each.version}" in asked)
        return at, Answer(advisories=still, unanswered=tuple(kept["unanswered"])), len(asked - known)

    def recent(self, pins: Sequence[Pin], now: datetime) -> Answer | None:
        """The answer, if it is about all of these pins and not older than a day."""
        recalled = self.recall(pins)
        if recalled is None:
            return None
        at, answer, unknown = recalled
        return answer if not unknown and timedelta(0) <= now - at < REMEMBERED else None


def today_of(now: datetime) -> date:
    """The day by which acceptances end."""
    return now.astimezone(UTC).date()


def _names(pins: Sequence[Pin]) -> list[str]:
    return [f"{pin.name}=={pin.version}" for pin in pins]


def _tuples(kept: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {"ids": tuple(kept["ids"]), "fixed_in": tuple(kept["fixed_in"])}
