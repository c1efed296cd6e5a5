"""What a user sees of the platform's requests to a provider: replies, ticks, "typing…"."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

POST_TIMEOUT_SECONDS = 15
POLL_SECONDS = 0.05


class NoReply(Exception):
    """The platform sent nothing to this user in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A button, or a row of a list."""

    id: str
    title: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A message that the platform sent to the user.

    Attributes:
        provider_id: what the provider called it.
        kind: "text", "interactive", "template", "image", "audio", …
        options: buttons or rows that the user may choose.
        is_list: the options stand in a list behind a button.
        quotes: the provider's id of the user's message that is shown above it.
        media: id or address of the file that it carries.
    """

    text: str
    provider_id: str
    at: str
    kind: str = "text"
    options: tuple[Option, ...] = ()
    is_list: bool = False
    quotes: str | None = None
    media: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The platform marked the user's message as read, and perhaps shows that a reply is being written."""

    message_id: str
    is_typing: bool


Noticed = Reply | Seen


class SentMessages(Protocol):
    """Recognises a provider's requests that one user notices."""

    def read(self, request: dict[str, Any]) -> Noticed | None:
        """What the user notices; None when the request is something else or for somebody else."""


class ReplyReader:
    """Reads the simulator's /sent for one user, from the moment it was started."""

    def __init__(self, client: httpx.AsyncClient, simulator_url: str, messages: SentMessages) -> None:
        self._client = client
        self._simulator_url = simulator_url
        self._messages = messages
        self._last_number: int | None = None

    async def start(self) -> None:
        """Ignore what was sent before."""
        answer = await self._client.get(f"{self._simulator_url}/health", timeout=POST_TIMEOUT_SECONDS)
        self._last_number = int(answer.raise_for_status().json()["last_sent"])

    async def next_replies(self, *, timeout_seconds: float) -> list[Reply]:
        """The next message or messages to the user.

        Raises:
            NoReply: none came in time.
        """
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            replies = [each for each in await self.new() if isinstance(each, Reply)]
            if replies:
                return replies
            await asyncio.sleep(POLL_SECONDS)
        raise NoReply(f"no reply within {timeout_seconds:g} s")

    async def new(self) -> list[Noticed]:
        """What the user noticed since the last look; may be nothing."""
        if self._last_number is None:
            await self.start()
        answer = await self._client.get(
            f"{self._simulator_url}/sent", params={"after": self._last_number or 0}, timeout=POST_TIMEOUT_SECONDS
        )
        noticed = []
        for request in answer.raise_for_status().json():
            self._last_number = request["number"]
            found = self._messages.read(request)
            if found is not None:
                noticed.append(found)
        return noticed


def read_meta_reply(request: dict[str, Any]) -> Reply:
    """A Graph API message that was accepted, as the user sees it."""
    body = request["body"]
    kind = str(body.get("type", "text"))
    content = body.get(kind)
    facts: dict[str, Any] = content if isinstance(content, dict) else {}
    action = facts.get("action") or {}
    return Reply(
        text=_words(facts),
        provider_id=request["provider_id"],
        at=request["at"],
        kind=kind,
        options=_options(action),
        is_list=bool(action.get("sections")),
        quotes=(body.get("context") or {}).get("message_id"),
        media=facts.get("id") or facts.get("link"),
    )


def read_twilio_reply(request: dict[str, Any]) -> Reply:
    """A message that Twilio accepted, as the user sees it."""
    body = request["body"]
    is_template = bool(body.get("ContentSid"))
    template = f"{body.get('ContentSid')} {body.get('ContentVariables', '')}".strip()
    return Reply(
        text=template if is_template else body.get("Body", ""),
        provider_id=request["provider_id"],
        at=request["at"],
        kind="template" if is_template else "text",
        media=body.get("MediaUrl"),
    )


def _words(content: dict[str, Any]) -> str:
    """What a person reads of a text, an interactive message, a caption or a template."""
    body = content.get("body")
    if isinstance(body, dict):
        body = body.get("text")
    words = body or content.get("caption") or content.get("emoji")
    if words:
        return str(words)
    values = [
        str(parameter.get("text", ""))
        for component in content.get("components") or []
        for parameter in component.get("parameters") or []
    ]
    return " ".join([str(content.get("name") or content.get("filename") or ""), *values]).strip()


def _options(action: dict[str, Any]) -> tuple[Option, ...]:
    buttons = [button.get("reply", {}) for button in action.get("buttons") or []]
    rows: Sequence[dict[str, str]] = [row for section in action.get("sections") or [] for row in section["rows"]]
    return tuple(
        Option(id=each.get("id", ""), title=each.get("title", ""), description=each.get("description", ""))
        for each in [*buttons, *rows]
    )
