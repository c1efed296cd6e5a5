"""Words that stand nowhere but where they were put, and every disguise in which they could come out again."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, quote_plus

SHORTEST = 6
"""Shorter pieces would be found by chance."""


@dataclass(frozen=True)
class Canary:
    """One of them. `is_number`: a telephone or card number, which may be written in parts and without its plus."""

    name: str
    text: str
    is_number: bool = False

    @cached_property
    def disguises(self) -> tuple[bytes, ...]:
        """The text as it is, encoded, escaped and split."""
        found = {disguise for form in self._forms() for disguise in _disguises(form)}
        return tuple(sorted(disguise for disguise in found if len(disguise) >= SHORTEST))

    def is_in(self, output: bytes) -> bool:
        """Whether any disguise of it stands there."""
        return any(disguise in output for disguise in self.disguises)

    def _forms(self) -> Iterator[str]:
        yield self.text
        if self.is_number:
            digits = re.sub(r"\D", "", self.text)
            national = digits[-10:]
            yield from (digits, national, f"{national[:5]} {national[5:]}", f"{national[:5]}-{national[5:]}")
            yield from (" ".join(digits[at : at + 4] for at in range(0, len(digits), 4)), " ".join(digits))


def _disguises(text: str) -> Iterator[bytes]:
    plain = text.encode()
    yield plain
    yield plain.hex().encode()
    yield plain.hex().upper().encode()
    yield quote(text, safe="").encode()
    yield quote_plus(text, safe="").encode()
    yield json.dumps(text)[1:-1].encode()
    yield "".join(f"\\u{ord(each):04x}" for each in text).encode()
    yield repr(text)[1:-1].encode()
    yield from _in_base64(plain)


def _in_base64(plain: bytes) -> Iterator[bytes]:
    """What stays the same of it whatever stands before and behind it."""
    for shift in range(3):
        packed = base64.b64encode(b"\0" * shift + plain)
        begins_at = (0, 2, 3)[shift]
        ends_at = (len(plain) + shift) // 3 * 4
        yield packed[begins_at:ends_at]
        yield packed[begins_at:ends_at].replace(b"+", b"-").replace(b"/", b"_")


def found_in(output: bytes, canaries: Iterable[Canary]) -> list[str]:
    """The names of those that came out."""
    return [canary.name for canary in canaries if canary.is_in(output)]
