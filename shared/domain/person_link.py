"""One person's identities on several channels, linked because the person agreed to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.domain.conversation import ConversationKey


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLink:
    """Identities that are one person's.

    Attributes:
        noted_by: who noted that the person agreed.
    """

    person_id: str
    identities: tuple[ConversationKey, ...]
    noted_by: str
    linked_at: datetime
