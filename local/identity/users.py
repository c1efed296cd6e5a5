"""The people who may sign in to this copy of the platform, and what they said or took back."""

from __future__ import annotations

import hmac
import json
import os
import re
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.identity.tokens import Bearer

DEMO_USERS = {"admin": "admin", "operator": "operator", "newcomer": "operator"}
"""Their groups. The newcomer was given a password for the first day only, as everybody is whom an admin creates."""
NEWCOMER = "newcomer"
SHORTEST_PASSWORD = 14
"""As the template's user pool says, and so the four kinds of characters."""
_KINDS = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9]")
_MOST_REVOKED = 10_000
# Without characters that look alike: people type these.
_LETTERS = "".join(sorted(set(string.ascii_letters + string.digits) - set("0O1Il")))


@dataclass(slots=True)
class User:
    """One of them."""

    password: str
    group: str
    is_temporary: bool

    def bearer(self, username: str) -> Bearer:
        """Whom their tokens are for."""
        return Bearer(subject=f"local-user-{username}", username=username, groups=[self.group])


class Users:
    """Kept in a file that only its owner can read; the passwords are of this copy alone."""

    def __init__(self, file: Path) -> None:
        self._file = file
        known: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
        self._users = {name: User(**fields) for name, fields in known.get("users", {}).items()}
        self._revoked: list[str] = known.get("revoked", [])
        for name, group in DEMO_USERS.items():
            if name not in self._users:
                self._users[name] = User(password=_new_password(), group=group, is_temporary=name == NEWCOMER)
        self._write()

    def find(self, username: str) -> User | None:
        """The user of this name."""
        return self._users.get(username)

    def sign_in(self, username: str, password: str) -> User | None:
        """The user, if the password is theirs; takes as long for a name that nobody has."""
        user = self._users.get(username)
        expected = user.password if user else "nobody"
        is_right = hmac.compare_digest(expected.encode(), password.encode())
        return user if is_right else None

    def change_password(self, username: str, password: str) -> None:
        """From now on this one, for good."""
        user = self._users[username]
        user.password, user.is_temporary = password, False
        self._write()

    def revoke(self, token_id: str) -> None:
        """A refresh token of this id gets nothing any more."""
        self._revoked = [*self._revoked, token_id][-_MOST_REVOKED:]
        self._write()

    def has_revoked(self, token_id: str) -> bool:
        """Whether it was taken back."""
        return token_id in self._revoked

    def described(self) -> Mapping[str, Mapping[str, object]]:
        """What whoever started the platform may know."""
        return {
            name: {"username": name, "password": user.password, "must_change_password": user.is_temporary}
            for name, user in self._users.items()
        }

    def _write(self) -> None:
        users = {
            name: {"password": user.password, "group": user.group, "is_temporary": user.is_temporary}
            for name, user in self._users.items()
        }
        unfinished = self._file.with_suffix(".new")
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps({"users": users, "revoked": self._revoked}, indent=2) + "\n")
        os.replace(unfinished, self._file)  # noqa: PTH105 - the short form of an atomic exchange.


def is_strong(password: str) -> bool:
    """Whether the pool takes it as a password."""
    return len(password) >= SHORTEST_PASSWORD and all(re.search(kind, password) for kind in _KINDS)


def _new_password() -> str:
    """Some 90 bits in four groups, of all kinds that the pool wants."""
    while True:
        groups = ("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
        if is_strong(password := "-".join(groups)):
            return password
