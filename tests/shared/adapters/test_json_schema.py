"""Arguments are checked in bounded time, and what is wrong is told in a line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.json_schema import LONGEST_PROBLEM, JsonSchemaCheck

CHECK = JsonSchemaCheck()
BILL: dict[str, Any] = {
    "type": "object",
    "properties": {
        "number": {"type": "string", "pattern": "^INV-[0-9]{4}$"},
        "due": {"type": "object", "properties": {"amount": {"type": "number", "minimum": 1}}},
    },
    "required": ["number"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"number": "INV-1042"}, None),
        ({}, "'number' is a required property"),
        ({"number": 1042}, "number: 1042 is not of type 'string'"),
        ({"number": "1042"}, "number: '1042' does not match '^INV-[0-9]{4}$'"),
        ({"number": "INV-1042", "due": {"amount": 0}}, "due.amount: 0 is less than the minimum of 1"),
        (
            {"number": "INV-1042", "more": 1},
            "Additional properties are not allowed ('more' was unexpected)",
        ),
    ],
)
def test_a_problem_is_one_line_that_names_its_place(arguments: Any, problem: str | None) -> None:
    assert CHECK.problem(BILL, arguments) == problem


def test_a_problem_never_runs_over_lines_or_on_and_on() -> None:
    problem = CHECK.problem(BILL, {"number": "a\nb" * 1000})

    assert problem is not None
    assert "\n" not in problem
    assert len(problem) <= LONGEST_PROBLEM + 1


def test_arguments_that_are_too_large_or_too_deep_are_refused() -> None:
    deep: Any = {}
    for _ in range(2000):
        deep = {"a": deep}

    assert CHECK.problem({"type": "object"}, {"text": "x" * 10_000}) is not None
    assert CHECK.problem({"type": "object"}, deep) is not None


def test_a_pattern_takes_linear_time() -> None:
    slow: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}}

    # By trying all ways this would never end.
    assert CHECK.problem(slow, {"a": "a" * 5000 + "!"}) is not None


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        BILL,
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"},
        {"type": "object", "properties": {"$ref": {"type": "string"}, "pattern": {"type": "string"}}},
        {"type": "object", "properties": {"a": {"enum": ["$ref", {"$ref": "x"}]}}},
    ],
)
def test_a_schema_that_can_be_used(schema: Any) -> None:
    assert CHECK.problem_of_schema(schema) is None


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "string"},
        {"type": ["object", "null"]},
        {"$schema": "http://json-schema.org/draft-04/schema#", "type": "object"},
        {"type": "object", "$ref": "https://evil.example/schema"},
        {"type": "object", "properties": {"a": {"$ref": "#"}}},
        {"type": "object", "properties": {"a": {"$dynamicRef": "#a"}}},
        {"type": "object", "allOf": [{"anyOf": [{"$ref": "file:///etc/passwd"}]}]},
        {"type": "object", "$defs": {"a": {"$ref": "#/$defs/a"}}},
        {"type": "object", "patternProperties": {"(a+)+$": {}}},
        {"type": "object", "properties": {"a": {"pattern": "(?<=a)b"}}},
        {"type": "object", "properties": {"a": {"pattern": "("}}},
        {"type": "object", "properties": {"a": {"type": "text"}}},
        {"type": "object", "properties": []},
        {"type": "object", "description": "x" * 9000},
    ],
)
def test_a_schema_that_cannot(schema: Any) -> None:
    problem = CHECK.problem_of_schema(schema)

    assert problem is not None
    assert "\n" not in problem


JSON_VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


@given(schema=st.dictionaries(st.sampled_from(["type", "properties", "required", "items", "enum"]), JSON_VALUES))
def test_whatever_is_written_as_a_schema_is_judged(schema: Any) -> None:
    if CHECK.problem_of_schema({**schema, "type": "object"}) is None:
        CHECK.problem({**schema, "type": "object"}, {"a": 1})
