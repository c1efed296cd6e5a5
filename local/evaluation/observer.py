"""Who looks at a scenario through the API: an operator of its own, because the API counts requests by whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import jwt

from local.identity.tokens import Bearer, Tokens
from local.running_stack import RunningStack

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS, _GROWTH = 0.1, 1.0, 1.5


def observe(stack: RunningStack, name: str) -> RunningStack:
    """The same platform, asked in the name of an operator whom nobody else is."""
    facts = stack.facts
    issuer = jwt.decode(facts["api_token"], options={"verify_signature": False})["iss"]
    tokens = Tokens(Path(facts["logs"]).parent / "identity.pem", issuer)
    token = tokens.access(Bearer(subject=name, username=name, groups=["operator"]))
    return RunningStack({**facts, "api_token": token})


def pauses() -> Iterator[float]:
    """Seconds between one look and the next: short ones first, for what comes at once."""
    seconds = _FIRST_PAUSE_SECONDS
    while True:
        yield seconds
        seconds = min(seconds * _GROWTH, _LONGEST_PAUSE_SECONDS)
