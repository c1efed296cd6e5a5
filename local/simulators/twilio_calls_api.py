"""Twilio's REST API: calls.

Source: Twilio, "Call resource".
"""

from __future__ import annotations

from email.utils import format_datetime
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.simulators.call_control import HangUp, Redirect
from local.simulators.call_registry import CallRegistry, KnownCall
from local.simulators.faults import Fault
from local.simulators.outbound_calls import OutboundCalls
from local.simulators.provider_door import Answer, LockedDoor
from local.simulators.settings import SimulatorSettings
from local.simulators.twilio_errors import twilio_error


class TwilioCallsAPI:
    """The calls of one account."""

    def __init__(
        self, settings: SimulatorSettings, *, door: LockedDoor, registry: CallRegistry, outbound: OutboundCalls
    ) -> None:
        self._settings = settings
        self._door = door
        self._registry = registry
        self._outbound = outbound

    def routes(self) -> list[Route]:
        """Where the platform finds them."""
        account = f"/2010-04-01/Accounts/{self._settings.twilio_account_sid}"
        return [
            Route(f"{account}/Calls.json", self._place_call, methods=["POST"]),
            Route(f"{account}/Calls/{{sid}}.json", self._update_call, methods=["POST"]),
            Route(f"{account}/Calls/{{sid}}.json", self._show_call, methods=["GET"]),
        ]

    async def _place_call(self, request: Request) -> Response:
        form = await _form(request)

        def place(_: Fault) -> Answer:
            if not form.get("To"):
                return Answer(status=400, body=twilio_error(400, 21211))
            if not form.get("From"):
                return Answer(status=400, body=twilio_error(400, 21213))
            if not form.get("Url") and not form.get("Twiml"):
                return Answer(status=400, body=twilio_error(400, 21205))
            call = self._outbound.place(form)
            if call is None:
                return Answer(status=429, body=twilio_error(429))
            return Answer(status=201, body=self._call_resource(call), provider_id=call.sid)

        return await self._door.answer(request, form, place)

    async def _update_call(self, request: Request) -> Response:
        form = await _form(request)

        def update(_: Fault) -> Answer:
            sid = request.path_params["sid"]
            if form.get("Status") in {"completed", "canceled"}:
                call = self._registry.instruct(sid, HangUp(by_platform=True))
            elif form.get("Twiml") or form.get("Url"):
                call = self._registry.instruct(sid, Redirect(twiml=form.get("Twiml"), url=form.get("Url")))
            else:
                return Answer(status=400, body=twilio_error(400, 21205))
            if call is None:
                return Answer(status=404, body=twilio_error(404))
            return Answer(status=200, body=self._call_resource(call), provider_id=sid)

        return await self._door.answer(request, form, update)

    async def _show_call(self, request: Request) -> Response:
        def show(_: Fault) -> Answer:
            call = self._registry.find(request.path_params["sid"])
            if call is None:
                return Answer(status=404, body=twilio_error(404))
            return Answer(status=200, body=self._call_resource(call))

        return await self._door.answer(request, None, show)

    def _call_resource(self, call: KnownCall) -> dict[str, object]:
        account_sid = self._settings.twilio_account_sid
        return {
            "account_sid": account_sid,
            "answered_by": None,
            "api_version": "2010-04-01",
            "date_created": format_datetime(call.created_at),
            "direction": call.direction,
            "from": call.caller,
            "sid": call.sid,
            "status": call.status,
            "to": call.called,
            "uri": f"/2010-04-01/Accounts/{account_sid}/Calls/{call.sid}.json",
        }


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
