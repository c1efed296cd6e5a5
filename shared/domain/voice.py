"""How an agent sounds."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_VOICE = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """How an agent sounds. `language` is a BCP 47 tag such as en-IN; `name` is the engine's, or "default"."""

    name: str = DEFAULT_VOICE
    language: str = "en-IN"
