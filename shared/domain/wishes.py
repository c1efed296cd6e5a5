"""How a user wants to be treated by the business on a channel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class UserWishes:
    """What the user asked for.

    Attributes:
        has_opted_out: nothing may be sent, until the user asks for it again.
        wants_voice: replies as voice notes.
        wants_text: replies as text, even to voice notes.
    """

    has_opted_out: bool = False
    wants_voice: bool = False
    wants_text: bool = False


NO_WISHES = UserWishes()
"""Of a user who asked for nothing."""
