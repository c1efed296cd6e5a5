"""WhatsApp's Graph API: messages, and the statuses that follow.

Every phone number id is accepted, because recorded webhooks of many numbers are replayed against the platform. What
Meta accepts and only later reports as failed, or never delivers, is accepted here too.
Source: WhatsApp Business Platform, "Messages API" and "Error codes".
"""

from __future__ import annotations

import base64
import json
import secrets
from datetime import UTC, datetime
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.simulators.faults import Fault
from local.simulators.graph_errors import graph_error
from local.simulators.graph_media import fits_message
from local.simulators.graph_messages import MEDIA_TYPES, refusal
from local.simulators.graph_statuses import AcceptedMessage, GraphStatuses
from local.simulators.linked_files import can_be_fetched
from local.simulators.media_shelf import MediaShelf
from local.simulators.provider_door import Answer, LockedDoor
from local.simulators.reply_windows import CLOSED_AT_META, ReplyWindows
from local.simulators.status_player import FAILED_STATUSES, USUAL_STATUSES, StatusPlayer
from local.simulators.templates import Templates

UNFIT_MEDIA = 131053


class GraphAPI:
    """The messages endpoint."""

    def __init__(
        self,
        door: LockedDoor,
        *,
        client: httpx.AsyncClient,
        player: StatusPlayer,
        statuses: GraphStatuses,
        shelf: MediaShelf,
        templates: Templates,
        windows: ReplyWindows,
    ) -> None:
        self._door = door
        self._client = client
        self._player = player
        self._statuses = statuses
        self._shelf = shelf
        self._templates = templates
        self._windows = windows

    def routes(self) -> list[Route]:
        """Where the platform finds it."""
        return [Route("/{version}/{phone_number_id:int}/messages", self._send, methods=["POST"])]

    async def _send(self, request: Request) -> Response:
        body = _json(await request.body())

        def respond(fault: Fault) -> Answer:
            wrong = refusal(body, self._templates)
            if wrong is not None or not isinstance(body, dict):
                code, details = wrong or (None, None)
                return Answer(status=400, body=graph_error(400, code=code, details=details))
            if body.get("status") == "read":
                return Answer(status=200, body={"success": True})
            return self._accept(body, str(request.path_params["phone_number_id"]), fault)

        return await self._door.answer(request, body, respond)

    def _accept(self, content: dict[str, Any], phone_number_id: str, fault: Fault) -> Answer:
        recipient = str(content.get("to") or content.get("recipient"))
        user = recipient.removeprefix("+")
        message_id = "wamid." + base64.b64encode(f"{user}:{secrets.token_hex(12)}".encode()).decode()
        failure = fault.delivery_error_code or self._failure(content, user)
        message = AcceptedMessage(
            message_id=message_id,
            phone_number_id=phone_number_id,
            content=content,
            category=self._category(content),
            failure=failure or (UNFIT_MEDIA if _link(content) else None),
        )

        async def can_be_sent() -> bool:
            return not _link(content) or await can_be_fetched(self._client, _link(content))

        if is_ever_delivered(content):
            usual = _usual_statuses(content) if failure is None else FAILED_STATUSES
            self._player.play(self._statuses.of(message), fault, usual=usual, can_be_sent=can_be_sent)
        is_template = content.get("type") == "template"
        accepted = {"id": message_id} | ({"message_status": "accepted"} if is_template else {})
        contact = {"input": recipient, "wa_id" if content.get("to") else "user_id": user}
        answer = {"messaging_product": "whatsapp", "contacts": [contact], "messages": [accepted]}
        return Answer(status=200, body=answer, provider_id=message_id)

    def _failure(self, content: dict[str, Any], user: str) -> int | None:
        """The number with which an accepted message will fail."""
        kind = str(content.get("type", "text"))
        if kind != "template" and self._windows.is_closed(user, datetime.now(UTC)):
            return CLOSED_AT_META
        if kind in MEDIA_TYPES and content[kind].get("id"):
            media = self._shelf.find(str(content[kind]["id"]))
            is_voice = content[kind].get("voice") is True
            if media is None or not fits_message(kind, media.mime_type, is_voice=is_voice):
                return UNFIT_MEDIA
        return None

    def _category(self, content: dict[str, Any]) -> str:
        if content.get("type") != "template":
            return "service"
        return self._templates.category(content["template"]["name"]) or "utility"


def is_ever_delivered(content: dict[str, Any]) -> bool:
    """Whether anybody gets the message: a business-scoped id belongs into `recipient`; in `to` it reaches nobody."""
    to = str(content.get("to") or "").removeprefix("+")
    return not to or to.isdecimal() or content.get("recipient_type") == "group"


def _link(content: dict[str, Any]) -> str:
    """The address of the file that the message carries, if it is sent as a link."""
    kind = str(content.get("type", "text"))
    return str(content[kind].get("link") or "") if kind in MEDIA_TYPES else ""


def _usual_statuses(content: dict[str, Any]) -> tuple[str, ...]:
    is_voice = content.get("type") == "audio" and content["audio"].get("voice") is True
    return (*USUAL_STATUSES, "played") if is_voice else USUAL_STATUSES


def _json(body: bytes) -> object:
    try:
        parsed: object = json.loads(body)
    except ValueError:
        return None
    return parsed
