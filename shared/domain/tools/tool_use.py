"""What is written down of a tool that is used: enough to review it and to repeat nothing, and no secret."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.domain.json_value import JSON
from shared.domain.tools.tool import ToolAnswer, ToolOutcome

MASK = "•••"
LONGEST_KEPT = 200
DEEPEST_KEPT = 8
MOST_CHARACTERS_KEPT = 8_000
_SECRET_NAME = re.compile(
    r"(?:^|_)(?:password|passwd|passphrase|secret|token|otp|pin|cvv|cvc|authorization|credentials?|api_?key|"
    r"access_?key|private_?key|card_?(?:number|no)|aadhaar|aadhar|pan)(?:$|_)"
)
_SECRET_VALUE = re.compile(
    r"(?i:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"
    r"|(?:sk|pk|rk|ghp|gho|xox[abp])[-_][A-Za-z0-9_-]{12,}"
    r"|AKIA[A-Z0-9]{16}"
    # Numbers of cards, and of Aadhaar.
    r"|(?<!\d)\d(?:[ -]?\d){11,18}(?!\d)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """A tool that is about to be used.

    Attributes:
        id: the idempotency key: the same call in a repeated turn has the same one.
        message_id: the provider's id of the message that is being answered.
        arguments: as they are kept, see `masked`.
    """

    id: str
    conversation_id: str
    message_id: str
    agent_id: str
    tool: str
    arguments: Mapping[str, JSON]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedUse:
    """What came of a use that was finished before, and what it was asked with then."""

    arguments: Mapping[str, JSON]
    answer: ToolAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptToolUse:
    """A use as it is shown.

    Attributes:
        outcome: None while it runs, or when the process was lost meanwhile.
    """

    id: str
    message_id: str
    agent_id: str
    tool: str
    arguments: Mapping[str, JSON]
    outcome: ToolOutcome | None
    answer: str
    elapsed_ms: int | None
    begun_at: datetime


def masked(arguments: Mapping[str, JSON]) -> dict[str, JSON]:
    """The arguments without what is secret by its name or its look, and without the rest of long texts.

    Of arguments that are long all the same, only that is kept.
    """
    kept = {name: _masked(name, value, DEEPEST_KEPT) for name, value in arguments.items()}
    characters = len(json.dumps(kept, ensure_ascii=False))
    return kept if characters <= MOST_CHARACTERS_KEPT else {"left_out": f"{characters} characters"}


def _masked(name: str, value: JSON, depth: int) -> JSON:
    if value is None or isinstance(value, bool):
        return value
    if _SECRET_NAME.search(_words(name)):
        return MASK
    if isinstance(value, str):
        return _shortened(_SECRET_VALUE.sub(MASK, value))
    if isinstance(value, int | float):
        return MASK if _SECRET_VALUE.search(str(value)) else value
    if depth == 0:
        return MASK
    if isinstance(value, list):
        return [_masked(name, item, depth - 1) for item in value]
    return {inner: _masked(inner, item, depth - 1) for inner, item in value.items()}


def _words(name: str) -> str:
    """`cardNumber` and `card-number` as `card_number`."""
    return re.sub(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_KEPT else f"{text[:LONGEST_KEPT]}… ({len(text)} characters)"
