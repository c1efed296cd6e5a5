"""SchemaCheck by the jsonschema library, without what could load, recurse or take exponential time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import re2

from shared.domain.json_value import JSON

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

LONGEST_SCHEMA = 8_000
LONGEST_ARGUMENTS = 8_000
DEEPEST = 8
LONGEST_PROBLEM = 300
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
# References lead elsewhere or in circles; the others work with patterns that are not checked in linear time.
_UNSUPPORTED = frozenset({"$ref", "$dynamicRef", "$recursiveRef", "$id", "$vocabulary", "patternProperties"})


class JsonSchemaCheck:
    """Implements `SchemaCheck`."""

    def warm_up(self) -> None:
        """Load the library, which takes a tenth of a second."""
        _validator_class()

    def problem(self, schema: Mapping[str, JSON], arguments: Mapping[str, JSON]) -> str | None:
        """See `SchemaCheck.problem`."""
        from jsonschema.exceptions import SchemaError, best_match

        if _is_deep(arguments, DEEPEST) or len(json.dumps(arguments, ensure_ascii=False)) > LONGEST_ARGUMENTS:
            return "They are too large or nested too deeply."
        try:
            error = best_match(_validator_class()(dict(schema)).iter_errors(arguments))
        except (SchemaError, re2.error, RecursionError):
            return "The schema of the tool cannot be used."
        if error is None:
            return None
        place = ".".join(str(step) for step in error.absolute_path)
        line = " ".join(f"{place}: {error.message}".split() if place else error.message.split())
        return line if len(line) <= LONGEST_PROBLEM else f"{line[:LONGEST_PROBLEM]}…"

    def problem_of_schema(self, schema: Mapping[str, JSON]) -> str | None:
        """See `SchemaCheck.problem_of_schema`."""
        from jsonschema.exceptions import SchemaError

        if _is_deep(schema, 2 * DEEPEST) or len(json.dumps(schema, ensure_ascii=False)) > LONGEST_SCHEMA:
            return f"The schema is longer than {LONGEST_SCHEMA} characters, or nested too deeply."
        if schema.get("type") != "object":
            return "The schema must be of type object."
        if schema.get("$schema", _DIALECT) != _DIALECT:
            return "The schema must be of draft 2020-12."
        unsupported = sorted({name for name in _keywords(dict(schema)) if name in _UNSUPPORTED})
        if unsupported:
            return f"The schema uses {', '.join(unsupported)}, which tools cannot have."
        try:
            _validator_class().check_schema(dict(schema))
        except SchemaError as error:
            return f"The schema is not valid: {' '.join(error.message.split())[:LONGEST_PROBLEM]}"
        return _problem_of_patterns(dict(schema))


@cache
def _validator_class() -> type[Validator]:
    """Draft 2020-12 whose patterns are searched by an engine that never backtracks."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError
    from jsonschema.validators import extend

    def fits_pattern(_validator: Any, pattern: str, value: Any, _schema: Any) -> Iterator[ValidationError]:
        if isinstance(value, str) and not _compiled(pattern).search(value):
            yield ValidationError(f"{value!r} does not match {pattern!r}")

    made: type[Validator] = extend(Draft202012Validator, {"pattern": fits_pattern})
    return made


def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    return re2.compile(pattern, options)


def _problem_of_patterns(schema: JSON) -> str | None:
    for name, value in _pairs(schema):
        if name == "pattern" and isinstance(value, str):
            try:
                _compiled(value)
            except re2.error:
                return "The schema holds a pattern that cannot be searched in linear time."
    return None


def _keywords(schema: JSON) -> Iterator[str]:
    """The names of all members but those of properties, which may be called anything."""
    if isinstance(schema, list):
        for item in schema:
            yield from _keywords(item)
    elif isinstance(schema, dict):
        for name, value in schema.items():
            yield name
            if name in {"properties", "$defs"} and isinstance(value, dict):
                for inner in value.values():
                    yield from _keywords(inner)
            elif name not in {"const", "enum", "default", "examples"}:
                yield from _keywords(value)


def _pairs(value: JSON) -> Iterator[tuple[str, JSON]]:
    items = value if isinstance(value, list) else [*value.values()] if isinstance(value, dict) else []
    if isinstance(value, dict):
        yield from value.items()
    for item in items:
        yield from _pairs(item)


def _is_deep(value: object, levels: int) -> bool:
    if not isinstance(value, Mapping | list):
        return False
    items = value if isinstance(value, list) else value.values()
    return levels == 0 or any(_is_deep(item, levels - 1) for item in items)
