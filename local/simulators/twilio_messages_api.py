"""Twilio's REST API: WhatsApp messages and the statuses that follow.

Source: Twilio, "Message resource", "Track outbound message status" and "Typing Indicators resource".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import httpx
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.simulators.faults import Fault
from local.simulators.linked_files import can_be_fetched
from local.simulators.phone_line import WebhookSender
from local.simulators.provider_door import Answer, LockedDoor
from local.simulators.reply_windows import CLOSED_AT_TWILIO, ReplyWindows
from local.simulators.settings import SimulatorSettings
from local.simulators.status_player import FAILED_STATUSES, USUAL_STATUSES, StatusPlayer
from local.simulators.templates import Templates
from local.simulators.twilio_errors import twilio_error
from local.simulators.twilio_messages import TwilioMessage, TwilioMessages, refusal

LARGEST_PAGE = 1000
UNDELIVERED = 63024
MEDIA_NOT_FETCHED = 63019
FAILURES = frozenset({"failed", "undelivered"})


class TwilioMessagesAPI:
    """The messages of one account."""

    def __init__(
        self,
        settings: SimulatorSettings,
        *,
        door: LockedDoor,
        player: StatusPlayer,
        client: httpx.AsyncClient,
        templates: Templates,
        windows: ReplyWindows,
    ) -> None:
        self._settings = settings
        self._door = door
        self._player = player
        self._client = client
        self._sender = WebhookSender(client, auth_token=lambda: settings.twilio_auth_token)
        self._templates = templates
        self._windows = windows
        self._messages = TwilioMessages()

    def routes(self) -> list[Route]:
        """Where the platform finds them."""
        account = f"/2010-04-01/Accounts/{self._settings.twilio_account_sid}"
        return [
            Route(f"{account}/Messages.json", self._send_message, methods=["POST"]),
            Route(f"{account}/Messages.json", self._list_messages, methods=["GET"]),
            Route(f"{account}/Messages/{{sid}}.json", self._show_message, methods=["GET"]),
            Route("/v2/Indicators/Typing.json", self._show_typing, methods=["POST"]),
        ]

    async def _send_message(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))

        def accept(fault: Fault) -> Answer:
            code = refusal(form, self._templates)
            if code is not None:
                return Answer(status=400, body=twilio_error(400, code))
            message = self._new_message(form)
            self._messages.keep(message)
            resource = message.resource()
            self._play_statuses(message, fault, is_template=bool(form.get("ContentSid")))
            return Answer(status=201, body=resource, provider_id=message.sid)

        return await self._door.answer(request, form, accept)

    async def _show_typing(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))

        def accept(_: Fault) -> Answer:
            if form.get("channel") != "whatsapp" or not form.get("messageId"):
                return Answer(status=400, body=twilio_error(400))
            return Answer(status=200, body={"success": True})

        return await self._door.answer(request, form, accept)

    def _new_message(self, form: Mapping[str, str]) -> TwilioMessage:
        return TwilioMessage(
            account_sid=self._settings.twilio_account_sid,
            to=form["To"],
            sender=form.get("From", ""),
            body=form.get("Body", ""),
            media_url=form.get("MediaUrl"),
            messaging_service_sid=form.get("MessagingServiceSid"),
            status_callback=form.get("StatusCallback"),
        )

    def _play_statuses(self, message: TwilioMessage, fault: Fault, *, is_template: bool) -> None:
        callback = message.status_callback
        failure = fault.delivery_error_code
        if failure is None and not is_template and self._windows.is_closed(message.user, datetime.now(UTC)):
            failure = CLOSED_AT_TWILIO
        if callback is None:
            return

        async def post(statuses: Sequence[str]) -> httpx.Response:
            (message.status,) = statuses
            usual_failure = UNDELIVERED if message.media_url is None else MEDIA_NOT_FETCHED
            message.error_code = (failure or usual_failure) if message.status in FAILURES else None
            return await self._sender.post(callback, _status_form(message))

        async def can_be_sent() -> bool:
            return message.media_url is None or await can_be_fetched(self._client, message.media_url)

        usual = USUAL_STATUSES if failure is None else FAILED_STATUSES
        # Twilio never puts two statuses into one post.
        fault = msgspec.structs.replace(fault, batch_statuses=False)
        self._player.play(post, fault, usual=usual, can_be_sent=can_be_sent)

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

        return await self._door.answer(request, query, show)

    async def _show_message(self, request: Request) -> Response:
        def show(_: Fault) -> Answer:
            message = self._messages.find(request.path_params["sid"])
            if message is None:
                return Answer(status=404, body=twilio_error(404))
            return Answer(status=200, body=message.resource())

        return await self._door.answer(request, None, show)


def _status_form(message: TwilioMessage) -> dict[str, str]:
    form = {
        "AccountSid": message.account_sid,
        "ApiVersion": "2010-04-01",
        "ChannelPrefix": "whatsapp",
        "ChannelToAddress": message.to,
        "From": message.sender,
        "MessageSid": message.sid,
        "MessageStatus": message.status,
        "SmsSid": message.sid,
        "SmsStatus": message.status,
        "To": message.to,
    }
    if message.messaging_service_sid is not None:
        form["MessagingServiceSid"] = message.messaging_service_sid
    if message.error_code is not None:
        form["ErrorCode"] = str(message.error_code)
        form["ChannelStatusMessage"] = message.error_message or ""
    if message.status in {"delivered", "read"}:
        form["EventType"] = message.status.upper()
    return form
