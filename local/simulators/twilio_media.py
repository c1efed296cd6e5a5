"""The files of messages that Twilio holds: behind the account's credentials, then on a content network without any.

Source: Twilio, "Media resource": the address redirects to where the file really lies.
"""

from __future__ import annotations

import json
import secrets

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from local.simulators.faults import Fault
from local.simulators.media_shelf import Media, MediaShelf, corrupted
from local.simulators.phone_line import new_sid
from local.simulators.provider_door import Answer, LockedDoor, ProviderDoor
from local.simulators.settings import SimulatorSettings
from local.simulators.twilio_errors import twilio_error


class TwilioMedia:
    """The media endpoints; a file is there until it is deleted."""

    def __init__(
        self, settings: SimulatorSettings, *, door: LockedDoor, open_door: ProviderDoor, shelf: MediaShelf
    ) -> None:
        self._settings = settings
        self._door = door
        self._open_door = open_door
        self._shelf = shelf
        self._tokens: dict[str, str] = {}

    def routes(self) -> list[Route]:
        """Where the platform finds them; `/user-media/twilio/…` is the simulator's own and takes a user's file."""
        media = f"/2010-04-01/Accounts/{self._settings.twilio_account_sid}/Messages/{{message_sid}}/Media/{{sid}}"
        return [
            Route("/user-media/twilio/{message_sid}", self._keep_user_media, methods=["POST"]),
            Route(f"{media}.json", self._describe, methods=["GET"]),
            Route(media, self._redirect, methods=["GET"]),
            Route(media, self._delete, methods=["DELETE"]),
            Route(f"{media}.json", self._delete, methods=["DELETE"]),
            Route("/twilio-content/{token}", self._download, methods=["GET"]),
        ]

    async def _keep_user_media(self, request: Request) -> Response:
        content = await request.body()
        media = Media(mime_type=request.headers.get("content-type", "application/octet-stream"), content=content)
        sid = self._shelf.keep(media, media_id=new_sid("ME"))
        message_sid = request.path_params["message_sid"]
        account = f"/2010-04-01/Accounts/{self._settings.twilio_account_sid}"
        url = f"{self._settings.simulator_url}{account}/Messages/{message_sid}/Media/{sid}"
        return Response(
            json.dumps({"sid": sid, "url": url, "mime_type": media.mime_type}), media_type="application/json"
        )

    async def _describe(self, request: Request) -> Response:
        def show(_: Fault) -> Answer:
            sid = request.path_params["sid"]
            media = self._shelf.find(sid)
            if media is None:
                return Answer(status=404, body=twilio_error(404))
            body = {
                "account_sid": self._settings.twilio_account_sid,
                "content_type": media.mime_type,
                "parent_sid": request.path_params["message_sid"],
                "sid": sid,
                "uri": request.url.path,
            }
            return Answer(status=200, body=body)

        return await self._door.answer(request, None, show)

    async def _redirect(self, request: Request) -> Response:
        def redirect(fault: Fault) -> Answer:
            sid = request.path_params["sid"]
            if self._shelf.find(sid) is None:
                return Answer(status=404, body=twilio_error(404))
            token = secrets.token_urlsafe(24)
            self._tokens[token] = sid
            url = fault.media_url or f"{self._settings.simulator_url}/twilio-content/{token}"
            return Answer(status=307, raw=RedirectResponse(url, status_code=307))

        return await self._door.answer(request, None, redirect)

    async def _delete(self, request: Request) -> Response:
        def delete(_: Fault) -> Answer:
            if not self._shelf.remove(request.path_params["sid"]):
                return Answer(status=404, body=twilio_error(404))
            return Answer(status=204, raw=Response(status_code=204))

        return await self._door.answer(request, None, delete)

    async def _download(self, request: Request) -> Response:
        """Serve the file to whoever has its address; a signed address and credentials do not go together."""

        def serve(fault: Fault) -> Answer:
            if "authorization" in request.headers:
                return Answer(status=400, body={"message": "Only one auth mechanism allowed"})
            media = self._shelf.find(self._tokens.get(request.path_params["token"], ""))
            if media is None:
                return Answer(status=404, body={"message": "AccessDenied"})
            content = corrupted(media.content) if fault.corrupt_media else media.content
            return Answer(status=200, raw=Response(content, media_type=media.mime_type))

        return await self._open_door.answer(request, None, serve)
