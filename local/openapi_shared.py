"""What operations of the OpenAPI document have in common: refusals, headers and the subjects they are sorted by."""

from __future__ import annotations

import json
from typing import Any

Node = dict[str, Any]
_FIRST_REFUSAL = 400
TAGS = [
    {"name": name, "description": description}
    for name, description in (
        ("session", "Who is signed in."),
        ("updates", "What happens, as it happens: a ticket, then a WebSocket."),
        ("conversations", "What was said, who answered and why; people who take over and write."),
        ("calls", "Phone calls, their transcripts and recordings, and the calls of this moment."),
        ("call backs", "Calls that users were promised."),
        ("outbound", "Messages and calls that the business begins."),
        ("agents", "Who answers, and with which instructions."),
        ("knowledge", "Documents that agents answer from."),
        ("routing rules", "Which agent a message reaches."),
        ("tools", "Services of the business that agents may ask."),
        ("person links", "Identities on several channels that are one person's."),
        ("costs", "What the platform costs, and how it would cost less."),
        ("webhooks", "Where Meta and Twilio call; signed by them."),
        ("sockets", "WebSockets: the audio of calls."),
        ("health", "Whether each part starts."),
        ("documentation", "This document."),
    )
]
HEADERS: Node = {
    "X-Request-Id": {
        "description": "Names the request in the logs; errors repeat it in `error.request_id`.",
        "schema": {"type": "string"},
        "example": "1-67891233-abcdef012345678912345678",
    },
    "ETag": {
        "description": "The version, for `If-Match` with a change, or `If-None-Match` to save reading it again.",
        "schema": {"type": "string"},
        "example": '"1"',
    },
    "Location": {
        "description": "Where the new thing is.",
        "schema": {"type": "string"},
        "example": "/api/v1/agents/pharmacy",
    },
    "Retry-After": {
        "description": "Seconds after which another try may succeed.",
        "schema": {"type": "integer", "minimum": 1},
        "example": 5,
    },
    "Allow": {"description": "The methods of this path.", "schema": {"type": "string"}, "example": "GET, POST"},
}


def describe_headers(paths: Node) -> None:
    """Name the headers of every answer, by what kind of operation it belongs to."""
    for path, item in paths.items():
        if _is_versioned(item):
            _describe_rereading(item["get"])
        for method, operation in item.items():
            for status, response in operation["responses"].items():
                names = ["X-Request-Id", *_headers_of(paths, path, method, str(status))]
                described = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
                response["headers"] = described | response.get("headers", {})


def _describe_rereading(operation: Node) -> None:
    operation["responses"]["304"] = {"description": "The client has this version already."}
    operation.setdefault("parameters", []).append(
        {
            "name": "If-None-Match",
            "in": "header",
            "required": False,
            "schema": {"type": "string"},
            "description": "The `ETag` that the client has.",
            "example": '"1"',
        }
    )


def share_refusals(paths: Node) -> Node:
    """Replace every refusal in the operations by a reference, and return each different one once by its name."""
    shared: Node = {}
    names: dict[str, str] = {}
    for item in paths.values():
        for operation in item.values():
            for status, response in operation["responses"].items():
                if int(status) < _FIRST_REFUSAL:
                    continue
                text = json.dumps(response, sort_keys=True)
                if text not in names:
                    names[text] = _name(str(status), response, shared)
                    shared[names[text]] = response
                operation["responses"][status] = {"$ref": f"#/components/responses/{names[text]}"}
    return dict(sorted(shared.items()))


def _headers_of(paths: Node, path: str, method: str, status: str) -> list[str]:
    if status in {"429", "503"}:
        return ["Retry-After"]
    if status == "405":
        return ["Allow"]
    one = next((each for each in paths if each.startswith(f"{path}/{{") and each.count("/") == path.count("/") + 1), "")
    names = []
    if status in {"200", "201"} and method != "delete":
        names += (
            ["ETag"] if _is_versioned(paths[path]) or (method == "post" and _is_versioned(paths.get(one, {}))) else []
        )
    if status == "201" and one:
        names.append("Location")
    return names


def _is_versioned(item: Node) -> bool:
    parameters = item.get("put", {}).get("parameters", [])
    return any(parameter["name"].lower() == "if-match" for parameter in parameters)


def _name(status: str, response: Node, taken: Node) -> str:
    """Made of the status and the codes, such as `409.version_conflict`; a number tells those apart that look alike."""
    content = response.get("content", {}).get("application/json", {})
    codes = list(content.get("examples", {})) or [content.get("example", {}).get("error", {}).get("code", "refused")]
    name = ".".join((status, *codes))
    return name if name not in taken else f"{name}.{sum(each.startswith(name) for each in taken) + 1}"
