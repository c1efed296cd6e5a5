"""WhatsApp's media endpoints: upload, describe, download, delete; and where a simulated user's file gets its id.

Source: WhatsApp Business Platform, "Media".
"""

from __future__ import annotations

import hashlib
import json
import time

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.simulators.faults import Fault
from local.simulators.graph_errors import graph_error
from local.simulators.media_shelf import Media, MediaShelf, corrupted
from local.simulators.provider_door import Answer, LockedDoor
from local.simulators.settings import SimulatorSettings

VOICE_NOTE = "audio/ogg; codecs=opus"
AUDIO = frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", VOICE_NOTE})
IMAGES = frozenset({"image/jpeg", "image/png"})
STICKERS = frozenset({"image/webp"})
VIDEOS = frozenset({"video/mp4", "video/3gpp"})
DOCUMENTS = frozenset(
    {
        "application/msword",
        "application/pdf",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "text/plain",
    }
)
TYPES_OF_KIND = {
    "audio": AUDIO,
    "image": IMAGES,
    "sticker": STICKERS,
    "video": VIDEOS,
    "document": DOCUMENTS | IMAGES | VIDEOS | AUDIO,
}
LARGEST_BYTES = {"audio": 16 * 2**20, "video": 16 * 2**20, "image": 5 * 2**20, "sticker": 500 * 2**10}
LARGEST_DOCUMENT_BYTES = 100 * 2**20
# What the upload lets through although no message can carry it; the status of that message tells, some time later.
NOTICED_LATER = ("audio/", "application/octet-stream")


class GraphMedia:
    """The media endpoints over a shelf of files; an address for a download lives a few minutes."""

    def __init__(self, settings: SimulatorSettings, *, door: LockedDoor, shelf: MediaShelf) -> None:
        self._settings = settings
        self._door = door
        self._shelf = shelf

    def routes(self) -> list[Route]:
        """Where the platform finds them; `/user-media` is the simulator's own and gives a user's file an id."""
        return [
            Route("/user-media", self._keep_user_media, methods=["POST"]),
            Route("/media-files/{media_id}/{until:int}", self._download, methods=["GET"]),
            Route("/{version}/{phone_number_id:int}/media", self._upload, methods=["POST"]),
            Route("/{version}/{media_id:int}", self._describe, methods=["GET"]),
            Route("/{version}/{media_id:int}", self._delete, methods=["DELETE"]),
        ]

    async def _upload(self, request: Request) -> Response:
        async with request.form(max_files=1, max_part_size=LARGEST_DOCUMENT_BYTES) as form:
            file = form.get("file")
            content = await file.read() if isinstance(file, UploadFile) else b""
            stated = str(form.get("type") or "")
            of_part = (file.content_type or "") if isinstance(file, UploadFile) else ""
            product = form.get("messaging_product")
        body = {"type": stated or of_part, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}

        def respond(_: Fault) -> Answer:
            if product != "whatsapp":
                return Answer(status=400, body=graph_error(400, details="messaging_product is required."))
            if not content or not (stated or of_part):
                return Answer(status=400, body=graph_error(400, details="file and type are required."))
            wrong = upload_refusal(stated or of_part, len(content))
            if wrong:
                return Answer(status=400, body=graph_error(400, details=wrong))
            # When field and part disagree it is the part that counts, as a file and not as what was said of it.
            media_id = self._shelf.keep(Media(mime_type=of_part or stated, content=content))
            return Answer(status=200, body={"id": media_id}, provider_id=media_id)

        return await self._door.answer(request, body, respond)

    async def _describe(self, request: Request) -> Response:
        media_id = str(request.path_params["media_id"])

        def respond(fault: Fault) -> Answer:
            media = self._shelf.find(media_id)
            if media is None:
                return _unknown(media_id)
            return Answer(
                status=200,
                body={
                    "messaging_product": "whatsapp",
                    "url": fault.media_url or media_address(self._settings, media_id),
                    "mime_type": media.mime_type,
                    "sha256": media.sha256,
                    "file_size": len(media.content),
                    "id": media_id,
                },
            )

        return await self._door.answer(request, None, respond)

    async def _delete(self, request: Request) -> Response:
        media_id = str(request.path_params["media_id"])

        def respond(_: Fault) -> Answer:
            is_gone = self._shelf.remove(media_id)
            return Answer(status=200, body={"success": True}) if is_gone else _unknown(media_id)

        return await self._door.answer(request, None, respond)

    async def _download(self, request: Request) -> Response:
        def respond(fault: Fault) -> Answer:
            media = self._shelf.find(request.path_params["media_id"])
            if media is None or int(request.path_params["until"]) <= time.time():
                return Answer(status=404, body=graph_error(404))
            content = corrupted(media.content) if fault.corrupt_media else media.content
            return Answer(status=200, raw=Response(content, media_type=media.mime_type))

        return await self._door.answer(request, None, respond)

    async def _keep_user_media(self, request: Request) -> Response:
        content = await request.body()
        media = Media(mime_type=request.headers.get("content-type", "application/octet-stream"), content=content)
        media_id = self._shelf.keep(media)
        details = {
            "id": media_id,
            "mime_type": media.mime_type,
            "sha256": media.sha256,
            "sha256_base64": media.sha256_base64,
            "url": media_address(self._settings, media_id),
        }
        return Response(json.dumps(details), media_type="application/json")


def media_address(settings: SimulatorSettings, media_id: str) -> str:
    """Where the file can be downloaded for a while."""
    until = int(time.time() + settings.media_url_seconds)
    return f"{settings.simulator_url}/media-files/{media_id}/{until}"


def upload_refusal(mime_type: str, size_bytes: int) -> str | None:
    """Why a file is not taken, in words; None when it is."""
    is_known = any(mime_type in types for types in TYPES_OF_KIND.values())
    if not is_known and not mime_type.startswith(NOTICED_LATER):
        return f"Param file must be a file with one of the supported types. Received file of type '{mime_type}'."
    family = "sticker" if mime_type in STICKERS else mime_type.partition("/")[0]
    limit_bytes = LARGEST_BYTES.get(family, LARGEST_DOCUMENT_BYTES)
    return f"The file is larger than {limit_bytes} bytes." if size_bytes > limit_bytes else None


def fits_message(kind: str, mime_type: str, *, is_voice: bool) -> bool:
    """Whether a message of this kind can carry a file of this type; a voice note takes exactly one."""
    return mime_type == VOICE_NOTE if is_voice else mime_type in TYPES_OF_KIND[kind]


def _unknown(media_id: str) -> Answer:
    return Answer(status=400, body=graph_error(400, details=f"Object with ID '{media_id}' does not exist."))
