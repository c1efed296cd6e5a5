"""Reads TwiML: the verbs a webhook answered with, in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

LONGEST_DOCUMENT_BYTES = 64 * 1024
LONGEST_PARAMETER = 500
"""Characters of a stream parameter's name and value together. Source: Twilio, "TwiML: Stream"."""


class TwimlInvalid(Exception):
    """Twilio would play "an application error has occurred" (error 12100 and its kin)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One instruction, such as Say or Connect, with what is nested in it."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    children: tuple[Verb, ...] = ()

    def child(self, name: str) -> Verb | None:
        """The first nested element of that name."""
        return next((child for child in self.children if child.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamInstruction:
    """Where a call's audio shall go."""

    url: str
    parameters: Mapping[str, str]
    status_callback: str | None
    name: str | None


def parse_twiml(document: str) -> tuple[Verb, ...]:
    """The verbs of a response, first to last; an empty document is an empty response.

    Raises:
        TwimlInvalid: not XML, another root than Response, or over 64 KB.
    """
    if not document.strip():
        return ()
    if len(document.encode()) > LONGEST_DOCUMENT_BYTES:
        raise TwimlInvalid("over 64 KB")
    try:
        root = ET.fromstring(document)  # noqa: S314 - our own document, of bounded size  # nosec B314
    except ET.ParseError as error:
        raise TwimlInvalid("not XML") from error
    if root.tag != "Response":
        raise TwimlInvalid(f"the root element is {root.tag}, not Response")
    return tuple(_verb(element) for element in root)


def stream_instruction(connect: Verb) -> StreamInstruction | None:
    """The bidirectional stream a Connect asks for; None when it connects to something else.

    Raises:
        TwimlInvalid: the address is no WebSocket address or has a query, or a parameter is too long.
    """
    stream = connect.child("Stream")
    if stream is None:
        return None
    url = stream.attributes.get("url", "")
    parts = urlsplit(url)
    if parts.scheme not in {"ws", "wss"}:
        raise TwimlInvalid("31922: a stream needs a wss address")
    if parts.query:
        raise TwimlInvalid("31920: query strings are not supported on a stream address")
    parameters = {
        child.attributes.get("name", ""): child.attributes.get("value", "")
        for child in stream.children
        if child.name == "Parameter"
    }
    if any(len(name) + len(value) >= LONGEST_PARAMETER for name, value in parameters.items()):
        raise TwimlInvalid("a stream parameter has 500 characters or more")
    return StreamInstruction(
        url=url,
        parameters=parameters,
        status_callback=stream.attributes.get("statusCallback"),
        name=stream.attributes.get("name"),
    )


def _verb(element: ET.Element) -> Verb:
    return Verb(
        name=element.tag,
        attributes=dict(element.attrib),
        text=(element.text or "").strip(),
        children=tuple(_verb(child) for child in element),
    )
