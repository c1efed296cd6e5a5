"""Files of the simulated WhatsApp: a page uploads what its user sends and shows what the business sent."""

from __future__ import annotations

import asyncio

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from local.chatting.commands import NotUnderstood
from local.chatting.files import encode_opus
from local.simulators.console_origin import console_origins, refusal
from local.simulators.graph_media import VOICE_NOTE
from local.simulators.media_shelf import Media, MediaShelf

LARGEST_BYTES = 16 * 2**20
RECORDED = "audio/wav"
"""What a page records. A telephone sends voice notes as OGG/Opus, so this is turned into that."""


class ChatFiles:
    """The shelf, for pages of the console."""

    def __init__(self, shelf: MediaShelf, *, base_url: str) -> None:
        self._shelf = shelf
        self._origins = console_origins(base_url)

    def routes(self) -> list[BaseRoute]:
        """POST `/whatsapp/files` and GET `/whatsapp/files/{id}`."""
        cors = Middleware(
            CORSMiddleware, allow_origins=self._origins, allow_methods=["GET", "POST"], allow_headers=["content-type"]
        )
        routes = [
            Route("/files", self._keep, methods=["POST"]),
            Route("/files/{media_id}", self._show, methods=["GET"]),
        ]
        return [Mount("/whatsapp", routes=routes, middleware=[cors])]

    async def _keep(self, request: Request) -> Response:
        wrong = refusal(request.headers.get("origin"), self._origins)
        if wrong is not None:
            return wrong
        content = bytearray()
        async for piece in request.stream():
            content += piece
            if len(content) > LARGEST_BYTES:
                return PlainTextResponse("WhatsApp takes files up to 16 MB.", status_code=413)
        mime_type = request.headers.get("content-type", "application/octet-stream")
        sound = bytes(content)
        if mime_type == RECORDED:
            try:
                sound, mime_type = await asyncio.to_thread(encode_opus, sound), VOICE_NOTE
            except NotUnderstood as error:
                return PlainTextResponse(str(error), status_code=422)
        media_id = self._shelf.keep(Media(mime_type=mime_type, content=sound))
        return JSONResponse({"id": media_id, "mime_type": mime_type}, status_code=201)

    async def _show(self, request: Request) -> Response:
        wrong = refusal(request.headers.get("origin"), self._origins)
        if wrong is not None:
            return wrong
        media = self._shelf.find(request.path_params["media_id"])
        if media is None:
            return PlainTextResponse("This file is no longer there.", status_code=404)
        # What a user uploaded must never be run as a page of the simulators.
        headers = {"content-security-policy": "sandbox", "x-content-type-options": "nosniff"}
        return Response(media.content, media_type=media.mime_type, headers=headers)
