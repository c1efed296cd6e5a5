"""A database user and its password, and how the two take turns when the password is rotated."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

_TWIN = "_twin"


class Access(StrEnum):
    """What a user may do with the rows of all tables; nobody but their owner may change the tables."""

    WRITE = "write"
    READ = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What signs in to the database; the password shows up in no representation."""

    username: str
    password: str = field(repr=False)
    access: Access = Access.WRITE


class RotationStep(StrEnum):
    """The steps in which Secrets Manager has a secret rotated, in their order."""

    CREATE = "createSecret"
    SET = "setSecret"
    TEST = "testSecret"
    FINISH = "finishSecret"


class VersionStage(StrEnum):
    """Where a version of a secret stands: not in use yet, or what everybody signs in with."""

    PENDING = "AWSPENDING"
    CURRENT = "AWSCURRENT"


def next_username(current: str) -> str:
    """The user whose password is changed next.

    Two users take turns, so that whoever still holds the password of yesterday can sign in until the next rotation.
    """
    return current.removesuffix(_TWIN) if current.endswith(_TWIN) else current + _TWIN
