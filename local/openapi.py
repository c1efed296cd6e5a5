"""`make openapi`: the OpenAPI document of the whole platform, put together from the code.

`python -m local.openapi` prints it; `--write` also stores it beside the history API, which publishes it.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from local.openapi_shared import HEADERS, TAGS, describe_headers, share_refusals
from local.webhook_operations import platform_paths, security_schemes

Node = dict[str, Any]
PUBLISHED = Path(__file__).parent.parent / "functions" / "history_api" / "openapi.json"
APPLICATIONS = ("functions.history_api.app", "functions.admin_api.app")
_METHODS = ("get", "put", "post", "delete")
_DESCRIPTION = """Voice and WhatsApp agents for a business.

Every JSON answer, errors included, has the same envelope: `status`, `data`, `error`. Lists are pages: send \
`next_cursor` back as `cursor` for the page after. Times are ISO 8601 in UTC. Answers with status 429 and 503 carry \
`Retry-After` in seconds. Every answer carries `X-Request-Id`; please mention it when something is wrong."""
# The applications read their settings when they are loaded; none of these is connected to.
_UNUSED_SETTINGS = {
    "PUBLIC_BASE_URL": "https://example.com",
    "DATABASE_URL": "postgresql://unused@127.0.0.1:1/unused",
    "REDIS_URL": "redis://127.0.0.1:1",
    "BUCKET": "unused",
    "AWS_REGION": "ap-south-1",
    "AWS_DEFAULT_REGION": "ap-south-1",
    "JWT_ISSUER": "https://example.com/pool",
    "JWT_AUDIENCE": "unused",
    "JWT_JWKS_URL": "https://example.com/pool/.well-known/jwks.json",
}


def compose(*documents: Node) -> Node:
    """One document of the applications' own ones and of what is no FastAPI route, sorted by path."""
    paths: Node = platform_paths()
    schemas: Node = {}
    schemes: Node = security_schemes()
    for document in documents:
        for path, item in document["paths"].items():
            paths.setdefault(path, {}).update(item)
        schemas.update(document["components"].get("schemas", {}))
        schemes.update(document["components"].get("securitySchemes", {}))
    for item in paths.values():
        for method in _METHODS:
            if method in item:
                _complete(item[method], schemas)
    describe_headers(paths)
    return _named_by_title(
        {
            "openapi": "3.1.0",
            "info": {"title": "Vaani", "version": "0.1.0", "description": _DESCRIPTION},
            "servers": [{"url": "/", "description": "The platform that this document was read from."}],
            "tags": TAGS,
            "paths": dict(sorted(paths.items())),
            "components": {
                "schemas": dict(sorted(schemas.items())),
                "responses": share_refusals(paths),
                "headers": HEADERS,
                "securitySchemes": schemes,
            },
        }
    )


def platform_document() -> Node:
    """The document of the code as it is."""
    for name, value in _UNUSED_SETTINGS.items():
        os.environ.setdefault(name, value)
    # A copy, because FastAPI keeps its document and gives the same one again.
    own = (importlib.import_module(name).app.openapi() for name in APPLICATIONS)
    return compose(*(json.loads(json.dumps(document)) for document in own))


def rendered(document: Node) -> str:
    """The document as it is stored."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _named_by_title(document: Node) -> Node:
    """The document with generic models named `ConversationPage` instead of `ItemPage_ConversationView_`."""
    text = json.dumps(document)
    for name, schema in document["components"]["schemas"].items():
        text = text.replace(f'schemas/{name}"', f'schemas/{schema["title"]}"').replace(
            f'"{name}": {{', f'"{schema["title"]}": {{'
        )
    named: Node = json.loads(text)
    return named


def _complete(operation: Node, schemas: Node) -> None:
    """Bring the examples to where the specification wants them, and take out what a query cannot say."""
    for response in operation["responses"].values():
        for content in response.get("content", {}).values():
            if isinstance(content.get("example"), str) and content["schema"].get("type") != "string":
                content["example"] = json.loads(content["example"])
            for example in content.get("examples", {}).values():
                example["value"] = json.loads(example["value"])
    for content in operation.get("requestBody", {}).get("content", {}).values():
        model = schemas.get(content["schema"].get("$ref", "").rpartition("/")[2], {})
        if "examples" in model:
            content["example"] = model["examples"][0]
    for parameter in operation.get("parameters", []):
        _complete_parameter(parameter)


def _complete_parameter(parameter: Node) -> None:
    schema = parameter["schema"]
    choices = [choice for choice in schema.get("anyOf", []) if choice != {"type": "null"}]
    if len(choices) == 1:
        del schema["anyOf"]
        schema.update(choices[0])
    if "examples" in schema:
        parameter["example"] = schema.pop("examples")[0]


def main() -> None:
    """Print the document; with `--write`, store it too."""
    text = rendered(platform_document())
    if "--write" in sys.argv[1:]:
        PUBLISHED.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
