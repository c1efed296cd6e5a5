"""To whom an agent may pass a user on, and what is noted about it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from shared.domain.agent import HUMAN, AgentProfile, RouteReason, RoutingDecision
from shared.domain.conversation import Speaker, Turn
from shared.domain.prompt import Colleague, HandOver

HAND_OVERS_PER_TURN = 3
HAND_OVERS_LATELY = 5
"""Within 30 minutes, across turns; agents who pass a user on more often than that do not know who is to help."""
_PERSON = Colleague(id=HUMAN, description="a person of the team, for whatever the agents cannot settle")
_LONGEST_WORDS = 1000
_ENTRY = re.compile(r"from (?P<giver>[^:]+?)(?:: (?P<words>.*))?")
_NOTE = re.compile(r"[^:]+ handed over to (?P<taker>[^:]+?)(?:: (?P<words>.*)|\.)")
_A_PERSON = "a person"


def colleagues_of(served: Collection[str], agents: Iterable[AgentProfile], *, lately: int = 0) -> tuple[Colleague, ...]:
    """Whom the agent may hand over to: nobody who had the question already, no AI agent after too many changes.

    `served` are the agents who had it, the one who has it now among them; `lately` counts the hand-overs of the turns
    before.
    """
    hand_overs = len(served) - 1
    if hand_overs >= HAND_OVERS_PER_TURN or lately + hand_overs >= HAND_OVERS_LATELY:
        return (_PERSON,)
    return (*(Colleague(id=a.id, description=a.description) for a in agents if a.id not in served), _PERSON)


def to_a_colleague(hand_over: HandOver, colleagues: Iterable[Colleague]) -> HandOver:
    """The hand-over; to a person if it names nobody who was offered, so that no agent gets a question twice."""
    if any(colleague.id == hand_over.target for colleague in colleagues):
        return hand_over
    return replace(hand_over, target=HUMAN)


def route_of(hand_over: HandOver, giver: AgentProfile, *, after: RoutingDecision | None = None) -> RoutingDecision:
    """The route that a message took by a hand-over, `after` the one before it in the same turn.

    Its detail has a line for each; kept with the reply, it is all that tells of them after a crash.
    """
    words = " ".join(f"{hand_over.reason}. {hand_over.summary}".split())[:_LONGEST_WORDS]
    entry = f"from {giver.id}: {words}".rstrip(".: ")
    detail = entry if after is None else f"{after.detail}\n{entry}"
    return RoutingDecision(agent_id=hand_over.target, reason=RouteReason.HANDED_OVER, detail=detail)


def hand_over_turns(reason: str | None, detail: str | None, agent_id: str | None, *, at: datetime) -> list[Turn]:
    """The system's turns before a reply that agents passed among each other, from what is kept with the reply.

    `agent_id` is who gave it, `at` when. A reply that announces a person has none: `person_note` tells it all.
    """
    entries = _entries(detail or "") if reason == RouteReason.HANDED_OVER else []
    if not entries or agent_id is None or entries[-1]["giver"] == agent_id:
        return []
    return [Turn(speaker=Speaker.SYSTEM, text=note, at=at) for note in _notes(entries, agent_id)]


def person_note(route: RoutingDecision) -> str:
    """The system's turn that says that a person is wanted, by whom and why; a line for each hand-over of the turn."""
    entries = _entries(route.detail) if route.reason is RouteReason.HANDED_OVER else []
    return "\n".join(_notes(entries, _A_PERSON)) if entries else _note("a rule", _A_PERSON, None)


def is_hand_over(turn: Turn) -> bool:
    """Whether it is the system's turn that says that an agent handed over to another one."""
    found = _NOTE.fullmatch(turn.text) if turn.speaker is Speaker.SYSTEM else None
    return found is not None and found["taker"] != _A_PERSON


def words_for_person(turn: Turn) -> str | None:
    """What the system's turn says that a person is wanted for; None if it does not say that one is wanted."""
    found = _NOTE.fullmatch(turn.text.rpartition("\n")[2]) if turn.speaker is Speaker.SYSTEM else None
    return None if found is None or found["taker"] != _A_PERSON else found["words"] or ""


def _entries(detail: str) -> list[re.Match[str]]:
    return [entry for line in detail.split("\n") if (entry := _ENTRY.fullmatch(line)) is not None]


def _notes(entries: list[re.Match[str]], last: str) -> list[str]:
    takers = [*(entry["giver"] for entry in entries[1:]), last]
    return [_note(entry["giver"], taker, entry["words"]) for entry, taker in zip(entries, takers, strict=True)]


def _note(giver: str, taker: str, words: str | None) -> str:
    begun = f"{giver[:1].upper()}{giver[1:]} handed over to {taker}"
    return f"{begun}: {words}" if words else f"{begun}."
