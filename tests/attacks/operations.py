"""Every operation of the OpenAPI document, so that an operation that is added is attacked from then on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tests.attacks.target import Target

METHODS = ("get", "post", "put", "delete")
OPEN = frozenset({"/api/v1/docs", "/api/v1/openapi.json"})
"""What anybody may read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation: where, what may be said in the query, and what its body looks like."""

    method: str
    path: str
    queries: tuple[str, ...]
    body_types: tuple[str, ...]
    example: Any = None

    @property
    def names(self) -> tuple[str, ...]:
        """What the path names in braces."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))

    def address(self, **values: str) -> str:
        """The path with values that are not escaped; what is not said is an id that nobody has."""
        return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], "not-there"), self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def operations_of(target: Target) -> tuple[Operation, ...]:
    """All operations of the API that need a token."""
    document = target.door.ask("GET", "/api/v1/openapi.json").json()
    return tuple(_read(document))


def escaped(value: str) -> str:
    """A value as it stands in an address."""
    return quote(value.encode("utf-8", "surrogatepass"), safe="")


def _read(document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, operations in document["paths"].items():
        if not path.startswith("/api/") or path in OPEN:
            continue
        for method in METHODS:
            if method in operations:
                yield _operation(method, path, operations[method])


def _operation(method: str, path: str, stated: Mapping[str, Any]) -> Operation:
    content = stated.get("requestBody", {}).get("content", {})
    return Operation(
        method=method.upper(),
        path=path,
        queries=tuple(each["name"] for each in stated.get("parameters", ()) if each["in"] == "query"),
        body_types=tuple(content),
        example=_example(content.get("application/json", {})),
    )


def _example(content: Mapping[str, Any]) -> Any:
    examples = content.get("examples")
    return next(iter(examples.values()))["value"] if examples else content.get("example")
