"""Rules of all kinds and messages to try them on, the same with every run."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime

from shared.domain.agent import AgentProfile, RoutingRule, RuleKind
from shared.domain.message import InboundMessage, MessageKind

MONDAY_NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
AGENTS = tuple(
    AgentProfile(id=name, name=name, description="", instructions="", greeting="")
    for name in ("appointments", "billing", "reception")
)
# Of a hundred rules, so many of each kind; operators write words above all.
_SHARES = {
    RuleKind.KEYWORD: 45,
    RuleKind.PHRASE: 12,
    RuleKind.PREFIX: 6,
    RuleKind.REGEX: 15,
    RuleKind.BUTTON: 10,
    RuleKind.REFERRAL: 4,
    RuleKind.LANGUAGE: 3,
    RuleKind.BUSINESS_HOURS: 4,
    RuleKind.CHANNEL: 1,
}
_SYLLABLES = ("ka", "bi", "lo", "re", "fun", "da", "pe", "mi", "sha", "tor", "चा", "की", "बि", "रि", "வி", "லை")
_LONGEST_TEXT = 4096


class Workload:
    """Random words of a few syllables, as many as rules and messages take."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a workload, nothing secret.

    def rules(self, number: int) -> list[RoutingRule]:
        """So many rules, in the shares of their kinds; what they look for is hardly ever there."""
        kinds = self._random.choices([*_SHARES], [*_SHARES.values()], k=number)
        return [
            RoutingRule(
                id=f"rule-{place}",
                kind=kind,
                pattern=self._pattern(kind),
                agent_id=AGENTS[place % len(AGENTS)].id,
                priority=self._random.randint(0, 9),
            )
            for place, kind in enumerate(kinds)
        ]

    def messages(self, rules: list[RoutingRule], number: int) -> Iterator[InboundMessage]:
        """So many messages: two of ten hold what a rule looks for, one is as long as can be, the others are made up."""
        known = [rule.pattern.split(",")[0] for rule in rules if rule.kind in {RuleKind.KEYWORD, RuleKind.PHRASE}]
        for place in range(number):
            words = self._words(self._random.randint(2, 25))
            if place % 10 == 0:
                words = self._words(600)[:_LONGEST_TEXT]
            elif place % 10 in {1, 2} and known:
                words = f"{words} {self._random.choice(known)}, {self._words(3)}"
            yield InboundMessage(
                channel="whatsapp",
                user_id="919800000001",
                provider_message_id=str(place),
                kind=MessageKind.TEXT,
                text=words.capitalize(),
                business_id="",
                sent_at=MONDAY_NOON,
                received_at=MONDAY_NOON,
            )

    def _pattern(self, kind: RuleKind) -> str:
        match kind:
            case RuleKind.KEYWORD:
                return ",".join(self._word() for _ in range(self._random.randint(1, 8)))
            case RuleKind.REGEX:
                return rf"\b({self._word()}|{self._word()})\s+#?\d{{{self._random.randint(2, 6)}}}"
            case RuleKind.LANGUAGE:
                return "th,lo,km"
            case RuleKind.BUSINESS_HOURS:
                return f"Sun 0{self._random.randint(0, 8)}:00-09:30, Sat 22:00-23:00 Asia/Kolkata"
            case RuleKind.CHANNEL:
                return "letters"
            case _:
                return self._words(3)

    def _words(self, number: int) -> str:
        return " ".join(self._word() for _ in range(number))

    def _word(self) -> str:
        return "".join(self._random.choices(_SYLLABLES, k=self._random.randint(2, 5)))
