"""Routing rules as they are tried: put in order and prepared once, for many messages."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.domain.agent import RoutingRule, RuleKind
from shared.domain.json_value import JSON
from shared.domain.message import InboundMessage
from shared.domain.routing.business_hours import read_business_hours
from shared.domain.routing.comparable_text import begins_with_words, comparable, has_words, words_of
from shared.domain.routing.script import language_of_script
from shared.errors import InvalidContent

MOST_RULES = 2_000
"""So many the business may have, disabled ones included."""

LONGEST_EXPRESSION = 200

Expression = Callable[[str], str | None]
"""What an expression finds first in a text; None where it finds nothing."""

ExpressionCompiler = Callable[[str], Expression]
"""Makes expressions that take time in proportion to the text, whatever they are, and do not regard case.

Raises InvalidContent, telling what is wrong, for one that cannot be read or takes too much.
"""

Clue = tuple[RuleKind, str]
"""Something to be found in a message at a glance, as an index of rules is asked for it."""

_SPECIFICITY = {
    RuleKind.BUTTON: 0,
    RuleKind.REFERRAL: 0,
    RuleKind.REGEX: 1,
    RuleKind.PHRASE: 1,
    RuleKind.PREFIX: 1,
    RuleKind.KEYWORD: 1,
    RuleKind.LANGUAGE: 2,
    RuleKind.BUSINESS_HOURS: 2,
    RuleKind.CHANNEL: 2,
    RuleKind.DEFAULT: 3,
}
_PRESSED = ("payload", "id", "list_id")
_REFERRED_BY_META = ("source_id", "source_url", "source_type", "headline", "ctwa_clid")
_REFERRED_BY_TWILIO = (
    "referral_source_id",
    "referral_source_url",
    "referral_source_type",
    "referral_headline",
    "referral_click_id",
)
_LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8}){0,3}")


def precedence(rule: RoutingRule) -> tuple[int, int, int, int, str]:
    """The place of a rule in the order in which rules are tried, the same wherever rules are listed.

    Defaults last; then by priority, the highest first; then by how narrow the kind is (a button or a referral, then
    words, then circumstances); then by the length of what has to match, of several the longest; then by id.
    """
    is_default = int(rule.kind is RuleKind.DEFAULT)
    return is_default, -rule.priority, _SPECIFICITY[rule.kind], -_length(rule), rule.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What rules look at in a message, made ready to be compared.

    Attributes:
        clues: what the index of rules is asked for.
    """

    text: str
    channel: str
    at: datetime
    clues: frozenset[Clue]

    @classmethod
    def of(cls, message: InboundMessage) -> Evidence:
        """The evidence of a message; the hour is the one at which it reached us."""
        text = comparable(message.text)
        clues = {(RuleKind.KEYWORD, word) for word in words_of(text)}
        clues |= {(RuleKind.BUTTON, name) for name in _texts(message.attributes, _PRESSED)}
        clues |= {(RuleKind.REFERRAL, name) for name in _referral(message)}
        clues |= {(RuleKind.LANGUAGE, tag) for tag in _languages(message)}
        channel = comparable(message.channel)
        clues.add((RuleKind.CHANNEL, channel))
        return cls(text=text, channel=channel, at=message.received_at, clues=frozenset(clues))


Condition = Callable[[Evidence], str | None]
"""What it is in a message that a rule applies to; None where the rule does not apply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRule:
    """A rule that can be asked.

    Attributes:
        clues: a message without any of them need not be asked about; None where no glance can tell.
    """

    rule: RoutingRule
    finds: Condition
    clues: frozenset[Clue] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A rule that applies, and what it was that it applies to."""

    rule: RoutingRule
    found: str


class RuleBook:
    """The rules in the order in which they are tried, with an index, so that few of many are asked about a message.

    Attributes:
        rules: those that can be read.
        unreadable: why others cannot, by rule id; they are passed over.
        default: the rule for what no other decides.
    """

    def __init__(self, rules: Iterable[RoutingRule] = (), compile_expression: ExpressionCompiler | None = None) -> None:
        self.unreadable: dict[str, str] = {}
        self._prepared: list[PreparedRule] = []
        self._places: defaultdict[Clue, list[int]] = defaultdict(list)
        self._always: list[int] = []
        for rule in sorted(rules, key=precedence):
            try:
                self._add(prepare_rule(rule, compile_expression))
            except InvalidContent as error:
                self.unreadable[rule.id] = str(error)
        self.rules = tuple(prepared.rule for prepared in self._prepared)
        self.default = next((rule for rule in self.rules if rule.kind is RuleKind.DEFAULT), None)

    def __iter__(self) -> Iterator[RoutingRule]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.rules)

    def first_match(self, message: InboundMessage) -> Match | None:
        """The first rule that applies to a message; defaults apply to none."""
        evidence = Evidence.of(message)
        places = set(self._always)
        for clue in evidence.clues:
            places.update(self._places.get(clue, ()))
        for place in sorted(places):
            prepared = self._prepared[place]
            found = prepared.finds(evidence)
            if found is not None:
                return Match(rule=prepared.rule, found=found)
        return None

    def _add(self, prepared: PreparedRule) -> None:
        place = len(self._prepared)
        self._prepared.append(prepared)
        if prepared.clues is None:
            self._always.append(place)
        for clue in prepared.clues or ():
            self._places[clue].append(place)


def prepare_rule(rule: RoutingRule, compile_expression: ExpressionCompiler | None) -> PreparedRule:
    """The rule, ready to be asked.

    Raises:
        InvalidContent: its pattern matches nothing or cannot be read.
    """
    pattern = comparable(rule.pattern)
    if rule.kind is RuleKind.DEFAULT:
        return PreparedRule(rule=rule, finds=lambda _: None, clues=frozenset())
    if not pattern.strip(" ,"):
        raise InvalidContent(f"A rule of kind {rule.kind.value} needs a pattern.")
    match rule.kind:
        case RuleKind.KEYWORD | RuleKind.PHRASE | RuleKind.PREFIX:
            return _by_words(rule, pattern)
        case RuleKind.REGEX:
            return _by_expression(rule, compile_expression)
        case RuleKind.BUSINESS_HOURS:
            hours = read_business_hours(rule.pattern)
            return PreparedRule(rule=rule, finds=lambda e: hours.told(e.at) if hours.covers(e.at) else None)
        case RuleKind.LANGUAGE:
            return _by_name(rule, [_language_tag(tag) for tag in _entries(pattern)])
        case _:
            return _by_name(rule, [pattern])


def _by_name(rule: RoutingRule, names: Iterable[str]) -> PreparedRule:
    clues = frozenset((rule.kind, name) for name in names)
    return PreparedRule(
        rule=rule,
        finds=lambda evidence: min((name for _, name in clues & evidence.clues), default=None),
        clues=clues,
    )


def _by_words(rule: RoutingRule, pattern: str) -> PreparedRule:
    choices = _entries(pattern) if rule.kind is RuleKind.KEYWORD else [pattern]
    is_there = begins_with_words if rule.kind is RuleKind.PREFIX else has_words
    # Every word of a choice stands in a text that has the choice; the longest of them is the rarest.
    longest = [max(words_of(choice), key=len, default=None) for choice in choices]
    clues = frozenset((RuleKind.KEYWORD, word) for word in longest if word is not None)
    return PreparedRule(
        rule=rule,
        finds=lambda evidence: next((choice for choice in choices if is_there(evidence.text, choice)), None),
        clues=None if None in longest else clues,
    )


def _by_expression(rule: RoutingRule, compile_expression: ExpressionCompiler | None) -> PreparedRule:
    # Of what composes letters one form; the compatible forms, as texts have them, would turn letters into operators.
    pattern = unicodedata.normalize("NFC", rule.pattern.strip())
    if compile_expression is None:
        raise InvalidContent("Expressions are not understood here.")
    if len(pattern) > LONGEST_EXPRESSION:
        raise InvalidContent(f"An expression has no more than {LONGEST_EXPRESSION} characters.")
    expression = compile_expression(pattern)
    if expression("") is not None:
        raise InvalidContent("The expression matches even a message without words; a rule of kind default does that.")
    return PreparedRule(rule=rule, finds=lambda evidence: expression(evidence.text))


def _length(rule: RoutingRule) -> int:
    """Of what has to match; of a list, its longest entry."""
    pattern = comparable(rule.pattern)
    match rule.kind:
        case RuleKind.KEYWORD | RuleKind.LANGUAGE:
            return max(map(len, _entries(pattern)), default=0)
        case RuleKind.DEFAULT:
            return 0
        case _:
            return len(pattern)


def _entries(pattern: str) -> list[str]:
    return [entry for part in pattern.split(",") if (entry := part.strip())]


def _language_tag(tag: str) -> str:
    if _LANGUAGE_TAG.fullmatch(tag) is None:
        raise InvalidContent(f"Languages are tags such as hi or en-IN, parted by commas; '{tag}' is none.")
    return tag


def _languages(message: InboundMessage) -> Iterator[str]:
    """The language of a message and whatever it is a kind of: `hi-in` is also `hi`."""
    asked_for = message.attributes.get("language")
    language = asked_for if isinstance(asked_for, str) and asked_for else language_of_script(message.text)
    parts = comparable(language or "").split("-")
    return ("-".join(parts[:length]) for length in range(1, len(parts) + 1) if parts[0])


def _referral(message: InboundMessage) -> Iterator[str]:
    """By what the advertisement may be called that the user came from: each provider has its names for it."""
    whole = message.attributes.get("referral")
    if isinstance(whole, dict):
        yield from _texts(whole, _REFERRED_BY_META)
    yield from _texts(message.attributes, _REFERRED_BY_TWILIO)


def _texts(facts: Mapping[str, JSON], names: Iterable[str]) -> Iterator[str]:
    """Those of the facts that are given, as they are compared."""
    return (comparable(str(facts[name])) for name in names if facts.get(name))
