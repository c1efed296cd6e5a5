"""Meta's secrets as their owner rotates them: what signs webhooks, and what opens the Graph API."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.simulators.settings import SimulatorSettings


class RotatedKeys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The new secrets; the old ones are worth nothing from that moment on."""

    whatsapp_app_secret: str
    whatsapp_access_token: str


class MetaKeys:
    """Takes new secrets at `PUT /keys`."""

    def __init__(self, settings: SimulatorSettings) -> None:
        self._settings = settings

    def route(self) -> Route:
        """Where they are put."""
        return Route("/keys", self._rotate, methods=["PUT"])

    async def _rotate(self, request: Request) -> Response:
        try:
            keys = msgspec.json.decode(await request.body(), type=RotatedKeys)
        except msgspec.MsgspecError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        self._settings.whatsapp_app_secret = keys.whatsapp_app_secret
        self._settings.whatsapp_access_token = keys.whatsapp_access_token
        return Response(status_code=204)
