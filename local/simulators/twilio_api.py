"""Twilio's REST API: messages (WhatsApp) and calls.

Source: Twilio, "Message resource" and "Call resource".
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from email.utils import format_datetime
from urllib.parse import parse_qsl

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.simulators.call_control import HangUp, Redirect
from local.simulators.call_registry import CallRegistry, KnownCall
from local.simulators.faults import Fault
from local.simulators.outbound_calls import OutboundCalls
from local.simulators.phone_line import WebhookSender
from local.simulators.provider_door import Answer, ProviderDoor
from local.simulators.settings import SimulatorSettings
from local.simulators.status_player import StatusPlayer
from local.simulators.twilio_errors import twilio_error
from local.simulators.twilio_messages import TwilioMessage, TwilioMessages, refusal

LARGEST_PAGE = 1000
Form = dict[str, str]


class TwilioAPI:
    """The endpoints of one account and what they remember."""

    def __init__(
        self,
        settings: SimulatorSettings,
        *,
        door: ProviderDoor,
        statuses: StatusPlayer,
        client: httpx.AsyncClient,
        registry: CallRegistry,
        outbound: OutboundCalls,
    ) -> None:
        self._settings = settings
        self._door = door
        self._statuses = statuses
        self._sender = WebhookSender(client, auth_token=settings.twilio_auth_token)
        self._registry = registry
        self._outbound = outbound
        self._messages = TwilioMessages()

    def routes(self) -> list[Route]:
        """Where the platform finds them."""
        account = "/2010-04-01/Accounts/{account_sid}"
        return [
            Route(f"{account}/Messages.json", self._send_message, methods=["POST"]),
            Route(f"{account}/Messages.json", self._list_messages, methods=["GET"]),
            Route(f"{account}/Messages/{{sid}}.json", self._show_message, methods=["GET"]),
            Route(f"{account}/Calls.json", self._place_call, methods=["POST"]),
            Route(f"{account}/Calls/{{sid}}.json", self._update_call, methods=["POST"]),
            Route(f"{account}/Calls/{{sid}}.json", self._show_call, methods=["GET"]),
        ]

    async def _send_message(self, request: Request) -> Response:
        form = await _form(request)

        def accept(fault: Fault) -> Answer:
            code = refusal(form)
            if code is not None:
                return Answer(status=400, body=twilio_error(400, code))
            message = TwilioMessage(
                account_sid=self._settings.twilio_account_sid,
                to=form["To"],
                sender=form.get("From", ""),
                body=form.get("Body", ""),
                status_callback=form.get("StatusCallback"),
            )
            self._messages.keep(message)
            resource = message.resource()
            self._play_statuses(message, fault)
            return Answer(status=201, body=resource, provider_id=message.sid)

        return await self._authorised(request, form, accept)

    def _play_statuses(self, message: TwilioMessage, fault: Fault) -> None:
        callback = message.status_callback
        if callback is None:
            return

        async def post(status: str) -> httpx.Response:
            message.status = status
            message.error_code = fault.delivery_error_code if status == "failed" else None
            return await self._sender.post(callback, _status_form(message))

        self._statuses.play(post, fault)

    async def _list_messages(self, request: Request) -> Response:
        query = dict(request.query_params)

        def show(_: Fault) -> Answer:
            try:
                found = self._messages.select(query)
            except ValueError:
                return Answer(status=400, body=twilio_error(400, 20001, "DateSent is not a date"))
            size = min(int(query.get("PageSize", "50")), LARGEST_PAGE)
            page = [message.resource() for message in found[:size]]
            listing = {"messages": page, "page": 0, "page_size": size, "next_page_uri": None, "uri": request.url.path}
            return Answer(status=200, body=listing)

        return await self._authorised(request, query, show)

    async def _show_message(self, request: Request) -> Response:
        def show(_: Fault) -> Answer:
            message = self._messages.find(request.path_params["sid"])
            if message is None:
                return Answer(status=404, body=twilio_error(404))
            return Answer(status=200, body=message.resource())

        return await self._authorised(request, None, show)

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

        return await self._authorised(request, form, place)

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

        return await self._authorised(request, form, update)

    async def _show_call(self, request: Request) -> Response:
        def show(_: Fault) -> Answer:
            call = self._registry.find(request.path_params["sid"])
            if call is None:
                return Answer(status=404, body=twilio_error(404))
            return Answer(status=200, body=self._call_resource(call))

        return await self._authorised(request, None, show)

    async def _authorised(self, request: Request, body: object, respond: Callable[[Fault], Answer]) -> Response:
        def check_first(fault: Fault) -> Answer:
            if not self._is_authorised(request):
                return Answer(status=401, body=twilio_error(401))
            return respond(fault)

        return await self._door.answer(request, body, check_first)

    def _is_authorised(self, request: Request) -> bool:
        account_sid = self._settings.twilio_account_sid
        credentials = base64.b64encode(f"{account_sid}:{self._settings.twilio_auth_token}".encode())
        stated = request.headers.get("authorization", "").encode()
        return request.path_params["account_sid"] == account_sid and hmac.compare_digest(
            stated, b"Basic " + credentials
        )

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


def _status_form(message: TwilioMessage) -> Form:
    form = {
        "AccountSid": message.account_sid,
        "ApiVersion": "2010-04-01",
        "ChannelPrefix": "whatsapp",
        "From": message.sender,
        "MessageSid": message.sid,
        "MessageStatus": message.status,
        "SmsSid": message.sid,
        "SmsStatus": message.status,
        "To": message.to,
    }
    if message.error_code is not None:
        form["ErrorCode"] = str(message.error_code)
    return form


async def _form(request: Request) -> Form:
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
