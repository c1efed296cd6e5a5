"""The published document is that of the code, is valid, and shows an example of everything."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_spec_validator import validate
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from local.openapi import PUBLISHED, compose, rendered
from tests.functions.loading import load_function

METHODS = ("get", "put", "post", "delete")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    nothing = dict.fromkeys(
        (
            "limit_requests",
            "query_history",
            "review_tool_calls",
            "edit_agents",
            "edit_rules",
            "edit_tools",
            "try_tool",
            "edit_documents",
            "search_knowledge",
            "link_persons",
            "call_backs",
            "try_routing",
            "change_hands",
            "update_tickets",
            "live_tasks",
            "send_outbound_message",
            "write_as_person",
            "place_call",
            "token_verifier",
        )
    )
    applications = [
        load_function(name, settings=SimpleNamespace(allowed_origins=()), **nothing).app
        for name in ("history_api", "admin_api")
    ]
    return compose(*(application.openapi() for application in applications))


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    return parsed


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", item[method])
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    ]


def answers(document: dict[str, Any], operation: dict[str, Any]) -> list[dict[str, Any]]:
    """The answers of an operation, those included that it shares with others."""
    shared = document["components"]["responses"]
    return [
        shared[answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer
        for answer in operation["responses"].values()
    ]


def contents(document: dict[str, Any], operation: dict[str, Any]) -> list[dict[str, Any]]:
    holders = [operation.get("requestBody", {}), *answers(document, operation)]
    return [content for holder in holders for content in holder.get("content", {}).values()]


def examples(content: dict[str, Any]) -> list[Any]:
    return [content["example"]] if "example" in content else [e["value"] for e in content.get("examples", {}).values()]


def absolute(schema: dict[str, Any]) -> dict[str, Any]:
    return {"$ref": f"urn:document{schema['$ref']}"} if "$ref" in schema else schema


@pytest.mark.requirement("13.1")
@pytest.mark.requirement("17.5")
def test_the_published_document_is_that_of_the_code(document: dict[str, Any]) -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == rendered(document), "run `python -m local.openapi --write`"


def test_the_document_is_valid_openapi(published: dict[str, Any]) -> None:
    validate(published)

    assert published["openapi"].startswith("3.1")


@pytest.mark.requirement("13.1")
@pytest.mark.requirement("17.5")
def test_every_operation_has_a_name_of_its_own_a_summary_and_examples(published: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(published)]
    without_example = [
        name
        for name, operation in operations(published)
        if not operation.get("summary")
        or any(content["schema"] and not examples(content) for content in contents(published, operation))
    ]
    unexplained_parameters = [
        name
        for name, operation in operations(published)
        for parameter in operation.get("parameters", [])
        if parameter.get("required") and "example" not in parameter
    ]

    assert len(names) == len(set(names))
    assert without_example == []
    assert unexplained_parameters == []


def test_every_example_fits_its_schema(published: dict[str, Any]) -> None:
    resource = DRAFT202012.create_resource(published)
    registry: Registry[Any] = Registry().with_resource("urn:document", resource)
    wrong = [
        f"{name}: {error.message}"
        for name, operation in operations(published)
        for content in contents(published, operation)
        for example in examples(content)
        for error in Draft202012Validator(absolute(content["schema"]), registry=registry).iter_errors(example)
    ]

    assert wrong == []


@pytest.mark.requirement("13.4")
def test_every_answer_in_json_has_the_envelope(published: dict[str, Any]) -> None:
    without = [
        name
        for name, operation in operations(published)
        for response in answers(published, operation)
        for content_type, content in response.get("content", {}).items()
        if content_type == "application/json" and name != "GET /api/v1/openapi.json"
        for example in examples(content)
        if set(example) != {"status", "data", "error"}
    ]

    assert without == []
