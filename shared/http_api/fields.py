"""Kinds of fields that the API's models and parameters share."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

# PostgreSQL cannot store the character NUL in a text.
PlainText = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]


def _number_as_kept(identity: str) -> str:
    """A phone number as channels keep it, digits alone; any other identity as it is. A query's plus may be a space."""
    digits = re.sub(r"[\s()-]", "", identity).removeprefix("+")
    return digits if digits.isascii() and digits.isdecimal() else identity


UserIdentity = Annotated[PlainText, AfterValidator(_number_as_kept)]
"""An identity of a user in a query."""
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:+-]{1,128}$")]
ProviderId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,512}$")]
"""A provider's id of a message."""
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]

ToolName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
"""A tool's name as models see it."""


def _read_flag(value: object) -> object:
    if value in ("true", "false"):
        return value == "true"
    raise PydanticCustomError("bool_parsing", "Input should be true or false")


Flag = Annotated[bool, BeforeValidator(_read_flag)]
"""Yes or no in a query."""


def _read_time(value: object) -> object:
    """A time by RFC 3339; UTC when it has no offset. A plus sign that a query turned into a space is mended."""
    if not isinstance(value, str):
        return value
    try:
        read = datetime.fromisoformat(value.replace(" ", "+") if "T" in value else value)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise PydanticCustomError("time_parsing", "Input should be a time such as 2026-03-01T09:30:00Z") from error


def _to_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


Time = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""A time in an answer: always UTC."""

WantedTime = Annotated[
    datetime,
    BeforeValidator(_read_time),
    WithJsonSchema({"type": "string", "format": "date-time", "description": "ISO 8601; UTC when no offset is given."}),
]
"""A time in a query."""
