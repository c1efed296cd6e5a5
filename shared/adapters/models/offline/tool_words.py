"""From what a tool answered to a sentence for the user; data stays data, and orders in it are not passed on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from shared.adapters.models.offline.phrases import Phrase, phrase
from shared.adapters.models.offline.tongue import Tongue
from shared.adapters.models.offline.tool_choice import RING, SEND
from shared.domain.tools.tool import ToolOutcome, ToolResult

_MOST_FACTS = 8
_LONGEST_VALUE = 120
_PROMISED = re.compile(r" on (?P<moment>\w+, [\d-]+ \d\d:\d\d)")
# A tool's own words for the user.
_SENTENCES = ("message", "summary", "text", "answer")
_FOUND = {
    Tongue.ENGLISH: "Here is what I found: {facts}.",
    Tongue.HINDI: "यह जानकारी मिली: {facts}।",
    Tongue.HINGLISH: "Yeh jaankari mili: {facts}.",
}


def say_result(result: ToolResult, tongue: Tongue) -> str:
    """What came of a tool, in a sentence or two."""
    is_done = result.answer.outcome is ToolOutcome.DONE
    if result.call.name == RING:
        return _rung(result, tongue) if is_done else phrase(Phrase.OTHER_TIME, tongue)
    if result.call.name == SEND:
        return phrase(Phrase.SENT if is_done else Phrase.NOT_SENT, tongue)
    facts = _facts(result.answer.text) if is_done else ""
    if not facts:
        return f"{phrase(Phrase.TOOL_FAILED, tongue)} {phrase(Phrase.OFFER, tongue)}"
    return facts if facts.endswith((".", "!", "?", "।")) else _FOUND[tongue].format(facts=facts)


def _rung(result: ToolResult, tongue: Tongue) -> str:
    found = _PROMISED.search(result.answer.text)
    moment = found["moment"] if found else str(result.call.arguments["when"])
    return phrase(Phrase.RING_PROMISED, tongue, moment=moment)


def _facts(text: str) -> str:
    """The facts of an answer: its own sentence if it has one, else its values by name; plain text as it is."""
    try:
        data = json.loads(text)
    except ValueError:
        return _one_line(text)
    if isinstance(data, dict):
        own = next((data[name] for name in _SENTENCES if isinstance(data.get(name), str) and data[name].strip()), None)
        return _one_line(own) if own else ", ".join(list(_named(data))[:_MOST_FACTS])
    return _one_line(data) if isinstance(data, str) else ", ".join(list(_named({"": data}))[:_MOST_FACTS])


def _named(data: dict[str, object], within: str = "") -> Iterator[str]:
    """Each value behind its name, deep ones too; what is empty is left out."""
    for name, value in data.items():
        words = f"{within} {name.replace('_', ' ').replace('-', ' ')}".strip()
        if isinstance(value, dict):
            yield from _named(value, words)
        elif isinstance(value, list):
            for each in value:
                yield from _named({"": each}, words)
        elif isinstance(value, bool):
            yield f"{words} {'yes' if value else 'no'}".strip()
        elif value not in (None, ""):
            yield f"{words} {_one_line(str(value))[:_LONGEST_VALUE]}".strip()


def _one_line(text: str) -> str:
    return " ".join(text.split())[: _LONGEST_VALUE * 3]
