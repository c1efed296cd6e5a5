"""Column types that take whatever a provider sends, where PostgreSQL itself would refuse."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Dialect, Text, any_, literal
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import TypeDecorator

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
Moment = DateTime(timezone=True)


class AnyText(TypeDecorator[str]):
    """Text in which NUL and lone surrogates, which PostgreSQL cannot hold, become the replacement character."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the name is SQLAlchemy's
        """What is sent to the server."""
        return None if value is None else storable_text(value)


# A JSON document may be anything that JSON can be.
class AnyJSON(TypeDecorator[Any]):
    """JSON under the same rule, keys included."""

    impl = JSONB
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 - the name is SQLAlchemy's
        """What is sent to the server."""
        return storable_json(value)


def is_one_of(column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Whether the column holds one of many values, sent as one parameter: a statement takes 65,535 and parses each."""
    return column == any_(literal(list(values), ARRAY(column.type)))


def storable_text(text: str) -> str:
    """The text without characters that PostgreSQL refuses."""
    if "\x00" in text:
        text = text.replace("\x00", REPLACEMENT)
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def storable_json(value: Any) -> Any:
    """The document without characters that PostgreSQL refuses."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, dict):
        return {storable_text(name): storable_json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [storable_json(item) for item in value]
    return value
