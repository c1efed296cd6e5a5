"""Who calls the API, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared import errors


class Role(StrEnum):
    """OPERATOR: a person of the business who talks with users. ADMIN: may also change agents, rules and send."""

    OPERATOR = "operator"
    ADMIN = "admin"


_IMPLIED = {Role.OPERATOR: frozenset({Role.OPERATOR}), Role.ADMIN: frozenset({Role.OPERATOR, Role.ADMIN})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An authenticated caller; `subject` is the identity provider's id and says nothing about the person.

    Attributes:
        proof_ends_at: when what they proved it with expires.
    """

    subject: str
    roles: frozenset[Role] = frozenset()
    proof_ends_at: datetime | None = None

    def has_role(self, role: Role) -> bool:
        """Whether the caller has the role itself or one that implies it."""
        return any(role in _IMPLIED[held] for held in self.roles)

    def require(self, role: Role) -> None:
        """Let the caller pass only with the role.

        Raises:
            Forbidden: the caller lacks it.
        """
        if not self.has_role(role):
            raise errors.Forbidden(f"This needs the role {role.value}.")
