"""Who serves a conversation from turn to turn, and how often agents handed it over lately."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from shared.domain.agent import ActiveAgent
from shared.domain.conversation import Conversation, Speaker
from shared.domain.hand_over import is_hand_over

SERVED_FOR = timedelta(minutes=30)
"""For so long after its last turn an agent goes on serving, and a hand-over counts."""
HAND_OVERS_KEPT = 20


def lately_handed_over(active: ActiveAgent | None, now: datetime) -> tuple[datetime, ...]:
    """When agents handed over to each other within the last 30 minutes, oldest first."""
    return () if active is None else tuple(moment for moment in active.hand_overs if now - moment < SERVED_FOR)


def after_turn(served: ActiveAgent, kept: ActiveAgent | None) -> ActiveAgent:
    """What is to be kept after a turn, given what is kept by now; `served.hand_overs` are those of this turn alone.

    Two turns that end at once lose nothing of each other: the agent of the one that ended last serves, and all
    hand-overs count, each once, however often this is tried.
    """
    latest = served if kept is None or kept.since <= served.since else kept
    known = Counter(() if kept is None else kept.hand_overs)
    moments = sorted((known | Counter(served.hand_overs)).elements())
    recent = [moment for moment in moments if latest.since - moment < SERVED_FOR]
    return replace(latest, hand_overs=tuple(recent[-HAND_OVERS_KEPT:]))


def recalled_agent(
    conversation: Conversation, now: datetime, *, serves_for: timedelta = SERVED_FOR
) -> ActiveAgent | None:
    """Who serves, as far as the conversation's turns tell: what is left when the cache was lost.

    The version of the agent that spoke is not known; 0 is no version of an agent.
    """
    recent = [turn for turn in conversation.turns if now - turn.at <= serves_for]
    said = [turn for turn in recent if turn.speaker is not Speaker.SYSTEM]
    # A greeting, or a reminder that nobody asked for, does not make an agent serve.
    answers = [turn for asked, turn in pairwise(said) if asked.speaker is Speaker.USER and turn.agent_id is not None]
    if not answers or answers[-1].agent_id is None:
        return None
    notes = tuple(turn.at for turn in recent if is_hand_over(turn))
    return ActiveAgent(agent_id=answers[-1].agent_id, agent_version=0, since=answers[-1].at, hand_overs=notes)
