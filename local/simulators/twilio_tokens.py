"""Twilio's auth tokens as their owner rotates them.

Source: Twilio, "Auth Tokens and how to change them": a secondary token is made, then promoted, which ends the first.
"""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.simulators.settings import SimulatorSettings


class AuthTokens(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tokens from now on: both open the REST API, and the first one signs."""

    primary: str
    secondary: str = ""


class TwilioTokens:
    """Takes new tokens at `PUT /tokens`."""

    def __init__(self, settings: SimulatorSettings) -> None:
        self._settings = settings

    def route(self) -> Route:
        """Where they are put."""
        return Route("/tokens", self._rotate, methods=["PUT"])

    async def _rotate(self, request: Request) -> Response:
        try:
            tokens = msgspec.json.decode(await request.body(), type=AuthTokens)
        except msgspec.MsgspecError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        self._settings.twilio_auth_token = tokens.primary
        self._settings.twilio_secondary_auth_token = tokens.secondary
        return Response(status_code=204)
