"""What no provider should send: refused with a reason, element by element, while the neighbours are kept."""

from __future__ import annotations

from typing import Any

from tests.payloads import shapes
from tests.payloads.shapes import PHONE, SECONDS, WORDS, change, envelope, message, post, text, value, wamid
from tests.provider_requests import META_PATH

FAMILY = shapes.Family(META_PATH)


def _nested(depth: int) -> object:
    found: object = WORDS
    for _ in range(depth):
        found = [found]
    return found


def _elements() -> None:
    for name, element in {
        "null": None,
        "text": WORDS,
        "a list": [text()],
        "empty": {},
        "without id": {"from": PHONE, "type": "text", "text": {"body": WORDS}},
        "with a number for an id": {**text(), "id": 7},
        "without type": {"from": PHONE, "id": "w"},
        "with an object for a type": {**text(), "type": {"name": "text"}},
        "without sender": {"id": "w", "type": "text", "text": {"body": WORDS}},
        "with a list for a sender": {**text(), "from": [PHONE]},
        "with an endless sender": {**text(), "from": "9" * 5000},
        "a text without words": message("text", {"body": "  "}),
        "a text that is a list": message("text", [WORDS]),
        "nested too deeply": {**text(), "order": _nested(60)},
    }.items():
        contacts: list[object] = []
        FAMILY.add(
            f"element {name}, beside a good one", post(element, text(), contacts=contacts), messages=1, rejected=1
        )


def _statuses() -> None:
    good = {"status": "read", "timestamp": SECONDS}
    for name, status in {
        "null": None,
        "without id": {"status": "read"},
        "without a word": {"id": "w"},
        "with a list for a word": {"id": "w", "status": ["read"]},
    }.items():
        held = value(statuses=[status, {"id": wamid(), **good}])
        FAMILY.add(f"status {name}, beside a good one", envelope(change(held)), statuses=1, rejected=1)


def _surroundings() -> None:
    def beside(entry: object) -> dict[str, object]:
        body = post(text(), contacts=[])
        body["entry"] = [entry, *body["entry"]]
        return body

    entries: dict[str, object] = {
        "null": None,
        "a number": 5,
        "without changes": {"id": "1"},
        "with an object for changes": {"changes": {}},
        "with a change that is null": {"changes": [None]},
        "with a change without value": {"changes": [{"field": "messages"}]},
        "with a change without field": {"changes": [{"value": {}}]},
        "with a number for a field": {"changes": [{"field": 3, "value": {}}]},
    }
    for name, entry in entries.items():
        FAMILY.add(f"entry {name}, beside a good one", beside(entry), messages=1, rejected=1)
    FAMILY.add("messages that are an object", envelope(change(value(messages={"0": text()}))), rejected=1)
    FAMILY.add("contacts that are text", envelope(change({**value(messages=[text()]), "contacts": WORDS})), messages=1)
    FAMILY.add("metadata that is null", envelope(change({**value(messages=[text()]), "metadata": None})), messages=1)


def _extremes() -> None:
    extremes: dict[str, dict[str, Any]] = {
        "an endless id": {"id": "w" * 9000},
        "an endless context": {"context": {"id": "c" * 9000, "from": PHONE}},
        "an endless field": {"referral": {"body": "x" * 300_000}},
        "a time before all time": {"timestamp": "1"},
        "a time after all time": {"timestamp": "99999999999999999999"},
        "a Boolean for a time": {"timestamp": True},
        "a huge number": {"errors": [10**400]},
        "keys of every sort": {"": 1, "\x00": 2, "\ud800": 3, "x" * 5000: 4},
    }
    for name, given in extremes.items():
        FAMILY.add(f"text with {name}", post(text(**given), contacts=[]), messages=1)
    FAMILY.add("text of 300 kB", post(text(WORDS * 14_000), contacts=[]), messages=1)
    FAMILY.add(
        "a profile name of 300 kB",
        post(text(), contacts=[{"wa_id": PHONE, "profile": {"name": "n" * 300_000}}]),
        messages=1,
    )


for _write in (_elements, _statuses, _surroundings, _extremes):
    _write()
