"""The parts that OpenAPI descriptions are made of."""

from __future__ import annotations

from typing import Any

from shared.http_contract import failure

Node = dict[str, Any]

_FAILURE = {"$ref": "#/components/schemas/Failure"}
_REQUEST_ID = "1-67891233-abcdef012345678912345678"


def operation(
    name: str,
    summary: str,
    responses: Node,
    *,
    tag: str,
    security: str | None = None,
    body: tuple[str, Node] | None = None,
) -> Node:
    """An operation; `security` names a scheme, `body` is its content type and an example."""
    operation: Node = {"operationId": name, "summary": summary, "tags": [tag], "responses": responses}
    operation["security"] = [] if security is None else [{security: []}]
    if body is not None:
        content_type, example = body
        operation["requestBody"] = {
            "required": True,
            "content": {content_type: {"schema": {"type": "object"}, "example": example}},
        }
    return operation


def answer(content_type: str, example: object) -> Node:
    """A success with an example."""
    schema = {"type": "string"} if isinstance(example, str) else {"type": "object"}
    return {"description": "Success", "content": {content_type: {"schema": schema, "example": example}}}


def problem(code: str, message: str) -> Node:
    """A refusal in the envelope."""
    example = failure(code, message, request_id=_REQUEST_ID)
    return {"description": message, "content": {"application/json": {"schema": _FAILURE, "example": example}}}


def query(name: str, example: str) -> Node:
    """A required parameter of the query."""
    return {"name": name, "in": "query", "required": True, "schema": {"type": "string"}, "example": example}
