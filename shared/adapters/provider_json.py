"""Reading a provider's JSON without trusting it: every accessor copes with any type."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from shared.domain.json_value import JSON
from shared.errors import InvalidRequest

DEEPEST_ELEMENT = 40
LONGEST_ID_BYTES = 512
"""Far above any provider's ids, far below what PostgreSQL takes into an index."""
LONGEST_IDENTITY = 256
LONGEST_FACT = 2000
# Beyond what an element may have in its place, so that what is cut here is refused there.
_DEEPEST_DOCUMENT = 2 * DEEPEST_ELEMENT
_MOST_FACTS = 50
_LONGEST_INTEGER = 40
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)
_LARGEST_INTEGER = 2**63
_LATEST_SECOND = 253_402_300_799  # The last one of the year 9999.


def decode_json(body: bytes) -> JSON:
    """The body parsed, leniently: half a surrogate pair in one user's words must not cost a whole post.

    Raises:
        InvalidRequest: the body is not JSON.
    """
    try:
        value: JSON = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _decode_leniently(body)
    return value


def _decode_leniently(body: bytes) -> JSON:
    text = _without_depths(body).decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        value: JSON = json.loads(text, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("The body is not valid JSON.") from error
    return value


def _integer(digits: str) -> JSON:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else digits


def _without_depths(body: bytes) -> bytes:
    """The same JSON, in which whatever lies too deep for any parser is null: its neighbours must not pay for it."""
    kept: list[bytes] = []
    start = depth = 0
    for token in _TOKEN.finditer(body):
        if token[0] in b"[{":
            depth += 1
            if depth == _DEEPEST_DOCUMENT:
                kept.append(body[start : token.start()])
        elif token[0] in b"]}":
            if depth == _DEEPEST_DOCUMENT:
                kept.append(b"null")
                start = token.end()
            depth -= 1
    if depth < _DEEPEST_DOCUMENT:
        kept.append(body[start:])
    return b"".join(kept)


def clean(text: str) -> str:
    """Text that every store takes: without NUL characters, with question marks for halves of surrogate pairs."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


class Malformed(ValueError):
    """An element cannot be read; the message says why, in words that are safe to show."""


def object_of(value: JSON, name: str) -> dict[str, JSON]:
    """The object under `name`; empty when there is none."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def list_of(value: JSON, name: str) -> list[JSON]:
    """The list under `name`; empty when there is none."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def text_of(value: JSON, name: str) -> str | None:
    """The text under `name`; None when there is none, or only blanks."""
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, str):
        return None
    found = clean(found)
    return found if found.strip() else None


def required_text(value: JSON, name: str) -> str:
    """The text under `name`.

    Raises:
        Malformed: there is none.
    """
    found = text_of(value, name)
    if found is None:
        raise Malformed(f"{name} is missing or is not text")
    return found


def bounded_id(name: str) -> str:
    """The id itself, or a digest where it is longer than an index takes: the same id still means the same thing."""
    raw = name.encode("utf-8", "replace")
    return name if len(raw) <= LONGEST_ID_BYTES else f"sha256:{hashlib.sha256(raw).hexdigest()}"


def identity_of(value: JSON, name: str) -> str | None:
    """A user's identity under `name`, without a plus sign; None when there is none that anybody could have.

    Some senders write phone numbers as numbers.
    """
    found = value.get(name) if isinstance(value, dict) else None
    if isinstance(found, int) and not isinstance(found, bool) and 0 < found < _LARGEST_INTEGER:
        found = str(found)
    if not isinstance(found, str):
        return None
    return bare_identity(found)


def bare_identity(stated: str) -> str | None:
    """The identity as it is kept: no blanks, no plus sign; None when it is empty or longer than any can be."""
    found = clean(stated).strip().removeprefix("+")
    return found if found and len(found) <= LONGEST_IDENTITY else None


def bounded_facts(facts: dict[str, JSON]) -> dict[str, JSON]:
    """So many of the facts as a provider might add without notice, with short names and values."""
    kept = itertools.islice(facts.items(), _MOST_FACTS)
    return {name[:LONGEST_ID_BYTES]: _bounded_fact(fact) for name, fact in kept}


def _bounded_fact(fact: JSON) -> JSON:
    if isinstance(fact, (dict, list)):
        return fact if len(msgspec.json.encode(fact)) <= LONGEST_FACT else {"is_cut": True}
    return fact[:LONGEST_FACT] if isinstance(fact, str) else fact


def picked(value: JSON, names: Iterable[str]) -> dict[str, JSON]:
    """The fields of an object that are there and hold something."""
    if not isinstance(value, dict):
        return {}
    return {name: value[name] for name in names if value.get(name) not in (None, "", [], {})}


def time_of(value: JSON, name: str) -> datetime | None:
    """The moment under `name`, in seconds since 1970 as text or number; None when it cannot be read."""
    found = value.get(name) if isinstance(value, dict) else None
    if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) <= len(str(_LATEST_SECOND)):
        found = int(found)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 < found <= _LATEST_SECOND:
        return None
    return datetime.fromtimestamp(found, UTC)


def storable(value: JSON, depth: int = 0) -> JSON:
    """A copy that every store takes: clean texts, no numbers beyond 64 bits or without end, not nested too deeply.

    Raises:
        Malformed: nested too deeply.
    """
    if depth > DEEPEST_ELEMENT:
        raise Malformed("nested too deeply")
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(name): storable(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [storable(item, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and not -_LARGEST_INTEGER <= value < _LARGEST_INTEGER:
        return str(value)
    return value


def fingerprint(*values: JSON) -> str:
    """A short name for these very values, the same whenever they are sent again."""
    return hashlib.sha256(msgspec.json.encode(values, order="sorted")).hexdigest()[:32]
