"""WhatsApp's Graph API: messages, media, and the statuses that follow.

Every phone number id is accepted, because recorded webhooks of many numbers are replayed against the platform.
Source: WhatsApp Business Platform, "Messages API" and "Media".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import httpx
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.simulators.faults import Fault
from local.simulators.graph_errors import graph_error, status_error
from local.simulators.graph_messages import refusal
from local.simulators.provider_door import LARGEST_BODY_BYTES, Answer, ProviderDoor
from local.simulators.settings import SimulatorSettings
from local.simulators.signatures import META_SIGNATURE_HEADER, sign_meta
from local.simulators.status_player import POST_TIMEOUT_SECONDS, StatusPlayer

MOST_MEDIA = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """An uploaded file, or one that a user sent."""

    mime_type: str
    content: bytes


class GraphAPI:
    """The endpoints and what they remember; of media the newest 50 files are kept."""

    def __init__(
        self, settings: SimulatorSettings, *, door: ProviderDoor, statuses: StatusPlayer, client: httpx.AsyncClient
    ) -> None:
        self._settings = settings
        self._door = door
        self._statuses = statuses
        self._client = client
        self._media: OrderedDict[str, Media] = OrderedDict()

    def routes(self) -> list[Route]:
        """Where the platform finds them; `/user-media` is the simulator's own and gives a user's file an id."""
        return [
            Route("/user-media", self._keep_user_media, methods=["POST"]),
            Route("/media-files/{media_id}", self._download, methods=["GET"]),
            Route("/{version}/{phone_number_id:int}/messages", self._send, methods=["POST"]),
            Route("/{version}/{phone_number_id:int}/media", self._upload, methods=["POST"]),
            Route("/{version}/{media_id:int}", self._describe, methods=["GET"]),
        ]

    async def _send(self, request: Request) -> Response:
        body = _json(await request.body())

        def respond(fault: Fault) -> Answer:
            if not self._is_authorised(request):
                return Answer(status=401, body=graph_error(401))
            wrong = refusal(body)
            if wrong is not None or not isinstance(body, dict):
                return Answer(status=400, body=graph_error(400, details=wrong))
            if body.get("status") == "read":
                return Answer(status=200, body={"success": True})
            return self._accept(body, str(request.path_params["phone_number_id"]), fault)

        return await self._door.answer(request, body, respond)

    def _accept(self, message: dict[str, object], phone_number_id: str, fault: Fault) -> Answer:
        recipient = str(message.get("to") or message.get("recipient"))
        user = recipient.removeprefix("+")
        message_id = "wamid." + base64.b64encode(f"{user}:{secrets.token_hex(12)}".encode()).decode()
        accepted = {"id": message_id} | ({"message_status": "accepted"} if message.get("type") == "template" else {})

        async def post(status: str) -> httpx.Response:
            return await self._post_status(status, message_id, user, phone_number_id, message, fault)

        self._statuses.play(post, fault)
        contact = {"input": recipient, "wa_id" if message.get("to") else "user_id": user}
        body = {"messaging_product": "whatsapp", "contacts": [contact], "messages": [accepted]}
        return Answer(status=200, body=body, provider_id=message_id)

    async def _post_status(
        self, status: str, message_id: str, user: str, phone_number_id: str, message: dict[str, object], fault: Fault
    ) -> httpx.Response:
        details: dict[str, object] = {
            "id": message_id,
            "status": status,
            "timestamp": str(int(time.time())),
            "recipient_id" if message.get("to") else "recipient_user_id": user,
        }
        if message.get("biz_opaque_callback_data"):
            details["biz_opaque_callback_data"] = message["biz_opaque_callback_data"]
        if status == "failed" and fault.delivery_error_code is not None:
            details["errors"] = [status_error(fault.delivery_error_code)]
        else:
            details["pricing"] = {"billable": True, "pricing_model": "PMP", "category": "service", "type": "regular"}
        metadata = {
            "display_phone_number": self._settings.whatsapp_display_phone_number,
            "phone_number_id": phone_number_id,
        }
        value = {"messaging_product": "whatsapp", "metadata": metadata, "statuses": [details]}
        body = meta_webhook(value, business_account_id=self._settings.whatsapp_business_account_id)
        return await self._client.post(
            f"{self._settings.base_url}/webhooks/messages/whatsapp",
            content=body,
            headers=meta_headers(body, self._settings.whatsapp_app_secret),
            timeout=POST_TIMEOUT_SECONDS,
        )

    async def _upload(self, request: Request) -> Response:
        async with request.form(max_files=1, max_part_size=LARGEST_BODY_BYTES) as form:
            file = form.get("file")
            content = await file.read() if isinstance(file, UploadFile) else b""
            mime_type = str(form.get("type") or (file.content_type if isinstance(file, UploadFile) else "") or "")
        body = {"type": mime_type, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}

        def respond(_: Fault) -> Answer:
            if not self._is_authorised(request):
                return Answer(status=401, body=graph_error(401))
            if not content or not mime_type:
                return Answer(status=400, body=graph_error(400, details="file and type are required."))
            media_id = self._keep(Media(mime_type=mime_type, content=content))
            return Answer(status=200, body={"id": media_id}, provider_id=media_id)

        return await self._door.answer(request, body, respond)

    async def _describe(self, request: Request) -> Response:
        media_id = str(request.path_params["media_id"])

        def respond(_: Fault) -> Answer:
            if not self._is_authorised(request):
                return Answer(status=401, body=graph_error(401))
            media = self._media.get(media_id)
            if media is None:
                return Answer(status=400, body=graph_error(400, details=f"Object with ID '{media_id}' does not exist."))
            return Answer(
                status=200,
                body={
                    "messaging_product": "whatsapp",
                    "url": f"{self._settings.simulator_url}/media-files/{media_id}",
                    "mime_type": media.mime_type,
                    "sha256": hashlib.sha256(media.content).hexdigest(),
                    "file_size": len(media.content),
                    "id": media_id,
                },
            )

        return await self._door.answer(request, None, respond)

    async def _download(self, request: Request) -> Response:
        def respond(_: Fault) -> Answer:
            if not self._is_authorised(request):
                return Answer(status=401, body=graph_error(401))
            media = self._media.get(request.path_params["media_id"])
            if media is None:
                return Answer(status=404, body=graph_error(404))
            return Answer(status=200, raw=Response(media.content, media_type=media.mime_type))

        return await self._door.answer(request, None, respond)

    async def _keep_user_media(self, request: Request) -> Response:
        content = await request.body()
        media = Media(mime_type=request.headers.get("content-type", "application/octet-stream"), content=content)
        details = {"id": self._keep(media), "sha256": hashlib.sha256(content).hexdigest()}
        return Response(json.dumps(details), media_type="application/json")

    def _keep(self, media: Media) -> str:
        media_id = str(secrets.randbelow(9 * 10**14) + 10**14)
        self._media[media_id] = media
        while len(self._media) > MOST_MEDIA:
            self._media.popitem(last=False)
        return media_id

    def _is_authorised(self, request: Request) -> bool:
        expected = f"Bearer {self._settings.whatsapp_access_token}"
        return hmac.compare_digest(request.headers.get("authorization", "").encode(), expected.encode())


def meta_webhook(value: Mapping[str, object], *, business_account_id: str) -> bytes:
    """The bytes of a webhook with one change of the field `messages`; not ASCII is escaped, as Meta escapes it."""
    change = {"value": value, "field": "messages"}
    envelope = {"object": "whatsapp_business_account", "entry": [{"id": business_account_id, "changes": [change]}]}
    return json.dumps(envelope, separators=(",", ":")).replace("/", "\\/").encode()


def meta_headers(body: bytes, app_secret: str) -> dict[str, str]:
    """What Meta sends with a webhook."""
    return {
        META_SIGNATURE_HEADER: sign_meta(body, app_secret),
        "Content-Type": "application/json",
        "User-Agent": "facebookexternalua",
    }


def _json(body: bytes) -> object:
    try:
        parsed: object = json.loads(body)
    except ValueError:
        return None
    return parsed
