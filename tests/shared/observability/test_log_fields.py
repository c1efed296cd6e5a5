"""What LOG_FIELDS.md says of events, fields and queries is what the code logs, and all of it."""

from __future__ import annotations

import ast
import re

import pytest

from tests.shared.observability.log_calls import log_calls, logged_events
from tests.shared.observability.log_table import (
    TABLE,
    documented_events,
    documented_fields,
    fields_of_every_line,
    queries,
)

_WORDS = {"filter", "stats", "fields", "sort", "limit", "by", "as", "desc", "asc", "and", "or"}
_FUNCTIONS = {"count", "pct", "max", "latest"}
_UNIT_OF_TIME = re.compile(r"_(ms|seconds|hours|days|minutes)$")


@pytest.mark.requirement("9.1")
def test_every_event_that_the_code_logs_is_documented_and_nothing_else() -> None:
    undocumented = {name: event.places for name, event in logged_events().items() if name not in documented_events()}
    gone = set(documented_events()) - set(logged_events())

    assert undocumented == {}, f"write a row for each into {TABLE.name}"
    assert gone == set(), f"nothing logs these: take them out of {TABLE.name}"


@pytest.mark.requirement("9.1")
def test_events_are_documented_with_their_levels_and_fields() -> None:
    wrong = {
        name: (sorted(event.levels), sorted(event.fields))
        for name, event in logged_events().items()
        if name in documented_events()
        and (event.levels, event.fields) != (documented_events()[name].levels, documented_events()[name].fields)
    }

    assert wrong == {}, f"so it is in the code, and not in {TABLE.name}"


def test_every_field_has_a_meaning_and_every_meaning_a_field() -> None:
    used = set().union(*(event.fields for event in logged_events().values()))

    assert used - set(documented_fields()) - set(fields_of_every_line()) == set()
    assert set(documented_fields()) - used == set()
    assert all((*documented_fields().values(), *fields_of_every_line().values()))


def test_every_event_says_what_it_means() -> None:
    assert [name for name, row in documented_events().items() if not row.meaning.endswith(".")] == []


def test_durations_say_their_unit() -> None:
    names = {name for name in documented_fields() if re.search(r"elapsed|duration|delay|lag|latency|_time$", name)}

    assert names
    assert [name for name in names if not _UNIT_OF_TIME.search(name)] == []


def test_events_and_fields_are_in_order() -> None:
    assert list(documented_events()) == sorted(documented_events())
    assert list(documented_fields()) == sorted(documented_fields())


def test_a_user_is_never_logged_under_another_name_than_that_of_the_hash() -> None:
    used = set().union(*(event.fields for event in logged_events().values()))

    assert (
        used & {"user", "user_id", "caller", "caller_id", "phone", "number", "name", "email", "text", "body"} == set()
    )


def test_there_are_the_queries_that_operators_need() -> None:
    assert len(queries()) == 6


@pytest.mark.parametrize("query", queries().values(), ids=queries())
def test_a_query_names_only_fields_that_its_event_has(query: str) -> None:
    named = _named_in(query)
    events = re.findall(r'message = "(\w+)"', query)
    known = set(fields_of_every_line())
    for event in events or documented_events():
        known |= documented_events()[event].fields

    assert named
    assert named - known == set()


def _named_in(query: str) -> set[str]:
    """Every name in it that is no word of the language, no text, and no name that it gives itself."""
    plain = re.sub(r'"[^"]*"', "", query)
    given = set(re.findall(r"\bas (\w+)", plain))
    words = set(re.findall(r"(?<![@\w])[a-z]\w*", plain))
    return words - given - _WORDS - _FUNCTIONS


@pytest.mark.parametrize(
    ("code", "levels"),
    [
        ("logger.info('x')", {"INFO"}),
        ("observability.logger.exception('x')", {"ERROR"}),
        ("write = logger.error if bad else logger.warning\nwrite('x')", {"ERROR", "WARNING"}),
        ("print('x')", set()),
        ("other.info('x')", set()),
    ],
)
def test_every_way_of_logging_is_found(code: str, levels: set[str]) -> None:
    found = [level for _, found in log_calls(ast.parse(code)) for level in found]

    assert set(found) == levels
