"""The OpenAPI document as a page for people: plain HTML, no script, nothing loaded from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from html import escape
from typing import Any

import msgspec

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
summary { cursor: pointer; padding: .4rem 0; }
code, pre { font-family: ui-monospace, monospace; font-size: .875rem; }
pre { overflow-x: auto; padding: .75rem; border: 1px solid; border-radius: .4rem; }
.method { display: inline-block; min-width: 4.5rem; font-weight: 700; }
table { border-collapse: collapse; } td, th { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top; }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_METHODS = ("get", "post", "put", "delete")
# What the document calls JSON; operations are described as the parsed value.
Node = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocsPage:
    """A page, and the content security policy that lets exactly its own style through."""

    html: str
    security_policy: str


def docs_page(document: bytes) -> DocsPage:
    """Render the operations of an OpenAPI document, in its order."""
    described: Node = msgspec.json.decode(document)
    operations = "\n".join(
        _operation(method, path, item[method], described["components"].get("responses", {}))
        for path, item in described["paths"].items()
        for method in _METHODS
        if method in item
    )
    info = described["info"]
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(info['title'])}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1>{_paragraphs(info.get('description', ''))}"
        '<p>The same for programs: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1).</p>'
        f"<main>{operations}</main></body></html>"
    )
    policy = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'"
    return DocsPage(html=html, security_policy=policy)


def _operation(method: str, path: str, operation: Node, shared: Node) -> str:
    return (
        f'<details><summary><code><span class="method">{method.upper()}</span> {escape(path)}</code> '
        f"{escape(operation.get('summary', ''))}</summary>{_paragraphs(operation.get('description', ''))}"
        f"{_access(operation)}{_parameters(operation.get('parameters', []))}"
        f"{_examples('Request', operation.get('requestBody', {}))}"
        + "".join(
            _examples(f"{status} {response.get('description', '')}", response)
            for status, response in _answers(operation, shared)
        )
        + "</details>"
    )


def _answers(operation: Node, shared: Node) -> list[tuple[str, Node]]:
    """Each status and its answer, those that operations share included."""
    return [
        (status, shared[answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer)
        for status, answer in sorted(operation["responses"].items())
    ]


def _access(operation: Node) -> str:
    schemes = [name for requirement in operation.get("security", []) for name in requirement]
    return f"<p>Authentication: {escape(', '.join(schemes))}</p>" if schemes else "<p>Authentication: none</p>"


def _parameters(parameters: list[Node]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(parameter['name'])}</code></td><td>{escape(parameter['in'])}</td>"
        f"<td>{'required' if parameter.get('required') else 'optional'}</td>"
        f"<td>{escape(parameter.get('description', ''))}</td></tr>"
        for parameter in parameters
    )
    return f"<table><tr><th>Parameter</th><th>In</th><th></th><th></th></tr>{rows}</table>" if rows else ""


def _examples(title: str, holder: Node) -> str:
    """The example of each content type; of several named ones, the first says enough."""
    shown = ""
    for content_type, content in holder.get("content", {}).items():
        named = [example["value"] for example in content.get("examples", {}).values()]
        for example in [content["example"]] if "example" in content else named[:1]:
            text = example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)
            shown += f"<p><code>{escape(content_type)}</code></p><pre>{escape(text)}</pre>"
    return f"<h4>{escape(title)}</h4>{shown}" if shown or title != "Request" else ""


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n") if part.strip())
