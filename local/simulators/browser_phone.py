"""A telephone in the browser: a page is the caller's mouth and ear, the simulator is Twilio.

One WebSocket is one call. Binary messages are frames of 20 ms mu-law in both directions; texts are JSON with `event`:
the page sends `digit`, `say` and `hang_up`, and is told `ringing`, `connected`, `announced`, `transferred`,
`disconnected`, `not_spoken` and at last `ended`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Literal

import msgspec
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from local.simulators.browser_audio import Earpiece, JitterBuffer
from local.simulators.browser_outbox import BrowserOutbox
from local.simulators.call_registry import CallRegistry, LocalCallControl
from local.simulators.console_origin import console_origins, refusal
from local.simulators.handset import CallStep, Handset
from local.simulators.phone import CallFailed, PhoneCall
from local.simulators.phone_line import PhoneLine
from local.simulators.settings import SimulatorSettings
from local.simulators.typed_speech import SpeakTyped
from shared.errors import SpeechUnavailable
from stream_service.media.audio import FRAME_BYTES

MOST_CALLS_AT_ONCE = 10
LONGEST_CALL_SECONDS = 60 * 60
"""Twice the platform's own limit, which shall be met first."""

LONGEST_TYPED = 500
PHONE_NUMBER = re.compile(r"\+[1-9][0-9]{7,14}")
NOT_A_FRAME = 1007
TRY_AGAIN_LATER = 1013


class Digit(msgspec.Struct, tag_field="event", tag="digit"):
    """A key was pressed."""

    digit: Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#"]


class Say(msgspec.Struct, tag_field="event", tag="say"):
    """Words of somebody who has no microphone; a voice of this machine speaks them."""

    text: str


class HangUp(msgspec.Struct, tag_field="event", tag="hang_up"):
    """The telephone was put down."""


_decoder = msgspec.json.Decoder(Digit | Say | HangUp)


class BrowserPhone:
    """Where pages of the console make calls."""

    def __init__(self, settings: SimulatorSettings, *, registry: CallRegistry, speak: SpeakTyped) -> None:
        self._settings = settings
        self._origins = console_origins(settings.base_url)
        self._registry = registry
        self._speak = speak
        self._calls = 0

    def _line(self) -> PhoneLine:
        """The business's telephone, with the token of this moment."""
        return PhoneLine(
            base_url=self._settings.base_url,
            auth_token=self._settings.twilio_auth_token,
            account_sid=self._settings.twilio_account_sid,
        )

    def routes(self) -> list[WebSocketRoute]:
        """One: `/phone/socket?caller=+919845012345`."""
        return [WebSocketRoute("/phone/socket", self._serve)]

    async def _serve(self, socket: WebSocket) -> None:
        caller = socket.query_params.get("caller", "")
        wrong = refusal(socket.headers.get("origin"), self._origins, is_valid=bool(PHONE_NUMBER.fullmatch(caller)))
        if wrong is not None:
            await socket.send_denial_response(wrong)
            return
        await socket.accept()
        if self._calls >= MOST_CALLS_AT_ONCE:  # A browser's page cannot read why an upgrade was refused.
            await socket.send_json({"event": "ended", "reason": "too_many_calls", "detail": ""})
            await socket.close(TRY_AGAIN_LATER)
            return
        self._calls += 1
        try:
            await BrowserCall(socket, self._line(), caller=caller, registry=self._registry, speak=self._speak).run()
        finally:
            self._calls -= 1


class BrowserCall:
    """One call; over when either side hangs up, when the page goes away, or after an hour."""

    def __init__(
        self, socket: WebSocket, line: PhoneLine, *, caller: str, registry: CallRegistry, speak: SpeakTyped
    ) -> None:
        self._socket = socket
        self._speak = speak
        self._outbox = BrowserOutbox(socket)
        self._microphone = JitterBuffer()
        handset = Handset(
            microphone=self._microphone.next_frame, earpiece=Earpiece(self._outbox.put_audio), witness=self._tell
        )
        self._call = PhoneCall(line, caller=caller, control=LocalCallControl(registry), handset=handset)
        self._speaking: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """From ringing to the last event."""
        identity = self._call.identity
        self._outbox.put_event(
            {"event": "ringing", "call_sid": identity.call_sid, "from": identity.caller, "to": identity.called}
        )
        life = self._call.begin()
        pouring = asyncio.create_task(self._outbox.pour())
        listening = asyncio.create_task(self._listen())
        try:
            async with self._call:
                await asyncio.wait(
                    {life, listening, pouring}, timeout=LONGEST_CALL_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
            self._outbox.put_event(
                {"event": "ended", "reason": life.result().name.lower(), "detail": self._call.calling.failure or ""}
            )
            await self._outbox.finish(pouring)
        finally:
            tasks = {listening, pouring, *self._speaking}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _tell(self, step: CallStep, words: str) -> None:
        self._outbox.put_event({"event": step.value, "words": words})

    async def _listen(self) -> None:
        """Take what the page sends until it hangs up, goes away or sends nonsense; then the telephone is put down."""
        try:
            while True:
                message = await self._socket.receive()
                if message["type"] == "websocket.disconnect" or not await self._take(message):
                    break
        except (WebSocketDisconnect, msgspec.MsgspecError):
            self._outbox.close(NOT_A_FRAME)
        await self._call.hang_up()

    async def _take(self, message: Mapping[str, object]) -> bool:
        """Act on one message; whether the call goes on.

        Raises:
            msgspec.MsgspecError: it is none of ours.
        """
        frame = message.get("bytes")
        if isinstance(frame, bytes):
            if len(frame) != FRAME_BYTES:
                raise msgspec.ValidationError("a frame has 160 bytes")
            self._microphone.put(frame)
            return True
        event = _decoder.decode(str(message.get("text")))
        if isinstance(event, Digit):
            with suppress(CallFailed):  # Nobody hears keys while nothing is connected.
                await self._call.press(event.digit)
        elif isinstance(event, Say):
            task = asyncio.create_task(self._say(event.text[:LONGEST_TYPED]))
            self._speaking.add(task)
            task.add_done_callback(self._speaking.discard)
        return not isinstance(event, HangUp)

    async def _say(self, text: str) -> None:
        try:
            await self._call.say(await self._speak(text))
        except (SpeechUnavailable, CallFailed) as error:
            self._outbox.put_event({"event": "not_spoken", "words": str(error)})
