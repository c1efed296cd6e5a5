"""Kinds of fields that the API's models and parameters share."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    StrictBool,
    StringConstraints,
    WithJsonSchema,
)
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

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def _place(form: str) -> BeforeValidator:
    def read(value: object) -> object:
        if not isinstance(value, str) or re.fullmatch(form, value, re.ASCII) is None:
            raise PydanticCustomError("cursor_parsing", "The cursor is not one of ours.")
        return value

    return BeforeValidator(read)


def _shown(form: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": form})


# The microsecond and the id of the last one seen; whatever looks like that is a place in the list.
_AFTER_ID = rf"^[0-9]{{16}}\.{_UUID}$"
_AFTER_CALL = r"^[0-9]{16}\.[A-Za-z0-9._:+-]{1,128}$"
_AFTER_TURN = r"^[0-9]{16}\.[0-9]{1,18}$"
IdCursor = Annotated[str, _place(_AFTER_ID), _shown(_AFTER_ID)]
"""A place in a list of things that have ids of ours."""
CallCursor = Annotated[str, _place(_AFTER_CALL), _shown(_AFTER_CALL)]
"""A place in a list of calls."""
TurnCursor = Annotated[str, _place(_AFTER_TURN), _shown(_AFTER_TURN)]
"""A place in a conversation."""

ToolName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
"""A tool's name as models see it."""


def _read_flag(value: object) -> object:
    if value in ("true", "false"):
        return value == "true"
    raise PydanticCustomError("bool_parsing", "Input should be true or false")


Flag = Annotated[bool, BeforeValidator(_read_flag)]
"""Yes or no in a query."""


def _is_whole(value: object) -> object:
    """Numbers only, for `"5"` and `true` are none; 5.0 is as whole as 5."""
    if isinstance(value, bool | str):
        raise PydanticCustomError("int_type", "Input should be a whole number")
    return value


def _is_number(value: object) -> object:
    if isinstance(value, bool | str):
        raise PydanticCustomError("float_type", "Input should be a number")
    return value


YesNo = StrictBool
"""Yes or no in a body."""
Whole = Annotated[int, BeforeValidator(_is_whole)]
"""A whole number in a body."""
Version = Annotated[int, Field(ge=1), BeforeValidator(_is_whole)]
"""The version of something, in a body."""
Number = Annotated[float, BeforeValidator(_is_number), Field(allow_inf_nan=False)]
"""A number in a body."""


def _read_time(value: object) -> object:
    """A time by RFC 3339; UTC when it has no offset. A plus sign that a query turned into a space is mended."""
    if not isinstance(value, str):
        return value
    try:
        read = datetime.fromisoformat(value.replace(" ", "+") if "T" in value else value)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise PydanticCustomError("time_parsing", "Input should be a time such as 2026-03-01T09:30:00Z") from error


def _is_text(value: object) -> object:
    if not isinstance(value, str):
        raise PydanticCustomError("time_type", "Input should be a time such as 2026-03-01T09:30:00Z")
    return value


StatedTime = Annotated[AwareDatetime, BeforeValidator(_is_text)]
"""A time in a body, with its offset."""


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
