"""The type of a JSON value, for facts that are kept as their provider sent them."""

from typing import TypeAlias, Union

# A forward reference in quotes: the code also runs on Python 3.11, which has no `type` statement.
JSON: TypeAlias = Union[dict[str, "JSON"], list["JSON"], str, int, float, bool, None]  # noqa: UP007 - quotes cannot be joined by |
