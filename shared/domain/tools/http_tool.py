"""A tool that operators define: an address of the business's own systems, and what it has to be asked with."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, urlencode, urlsplit

from shared.domain.json_value import JSON
from shared.domain.tools.tool import ToolSpec
from shared.errors import InvalidContent

LONGEST_URL = 2_000
LONGEST_FILLED_URL = 8_000
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]{0,63})\}")
# A server would take these for steps through its folders.
_STEPS = {"", ".", ".."}


class HttpMethod(StrEnum):
    """Arguments travel in the query of a GET and in the body of all others."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTool:
    """What agents may ask of an address.

    Attributes:
        id: its name, as models and agents' profiles know it.
        url: `{name}` in its path or query stands for the argument of that name.
        parameters: JSON Schema of an object: what it is called with.
        secret_name: under which its credential is kept; None where it needs none.
        timeout_ms: how long its server is waited for.
        version: grows with each change.
    """

    id: str
    description: str
    method: HttpMethod
    url: str
    parameters: Mapping[str, JSON]
    secret_name: str | None = None
    timeout_ms: int = 5_000
    is_enabled: bool = True
    version: int = 1

    @property
    def spec(self) -> ToolSpec:
        """How a model is told of it."""
        return ToolSpec(name=self.id, description=self.description, parameters=self.parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpToolRequest:
    """A tool's address with its arguments filled in; `body` is None where there is none to send."""

    url: str
    body: Mapping[str, JSON] | None = None


def request_of(tool: HttpTool, arguments: Mapping[str, JSON]) -> HttpToolRequest:
    """What is sent for these arguments.

    Raises:
        InvalidContent: one of them cannot stand in an address.
    """
    address, mark, query = tool.url.partition("?")
    used = {name for part in (address, query) for name in _PLACEHOLDER.findall(part)}
    address = _PLACEHOLDER.sub(lambda found: _step(found[1], arguments), address)
    query = _PLACEHOLDER.sub(lambda found: quote(_plain(found[1], arguments), safe=""), query)
    rest = {name: value for name, value in arguments.items() if name not in used}
    if tool.method is HttpMethod.GET:
        query = "&".join(filter(None, (query, _query_of(rest))))
    url = f"{address}?{query}" if query else f"{address}{mark}"
    if len(url) > LONGEST_FILLED_URL:
        raise InvalidContent("The arguments are too long for an address.")
    return HttpToolRequest(url=url, body=None if tool.method is HttpMethod.GET else rest)


def problem_of_url(tool: HttpTool) -> str | None:
    """Why the tool's address cannot be used with its parameters; None if it can."""
    if len(tool.url) > LONGEST_URL or not tool.url.isascii() or any(c <= " " or c in '\\"<>^`|' for c in tool.url):
        return "The address is too long, or holds characters that no address may hold."
    try:
        parts = urlsplit(tool.url)
        _ = parts.port
    except ValueError:
        return "The address cannot be read."
    if not parts.hostname or parts.username is not None or parts.password is not None or parts.fragment:
        return "The address needs a host, and may hold neither a user nor a fragment."
    if "{" in parts.netloc or "}" in parts.netloc:
        return "Arguments may stand in the path and in the query only."
    if set("{}") & set(_PLACEHOLDER.sub("", tool.url)):
        return "A placeholder is a name in braces, such as {number}."
    return _problem_of_placeholders(tool)


def _problem_of_placeholders(tool: HttpTool) -> str | None:
    properties, required = tool.parameters.get("properties"), tool.parameters.get("required")
    for name in _PLACEHOLDER.findall(tool.url):
        if not isinstance(properties, dict) or name not in properties:
            return f"The address names {{{name}}}, which is none of the parameters."
        if not isinstance(required, list) or name not in required:
            return f"The address names {{{name}}}, so this parameter must be required."
    return None


def _step(name: str, arguments: Mapping[str, JSON]) -> str:
    value = _plain(name, arguments)
    if value in _STEPS:
        raise InvalidContent(f"{name}: cannot stand in an address.")
    return quote(value, safe="")


def _plain(name: str, arguments: Mapping[str, JSON]) -> str:
    value = arguments.get(name)
    if value is None or isinstance(value, dict | list):
        raise InvalidContent(f"{name}: cannot stand in an address.")
    return _text(value)


def _query_of(arguments: Mapping[str, JSON]) -> str:
    """Lists as one pair for each item; what is null is left out."""
    pairs = [
        (name, _text(item))
        for name, value in arguments.items()
        for item in (value if isinstance(value, list) else [value])
        if item is not None
    ]
    return urlencode(pairs, quote_via=quote, safe="", errors="replace")


def _text(value: JSON) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # Lone surrogates, which a model's JSON may hold, are no characters.
    return text.encode("utf-8", "replace").decode()
