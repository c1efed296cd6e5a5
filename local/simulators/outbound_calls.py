"""Plays the person whom the platform telephones: it rings, somebody answers or does not, and the TwiML runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import Enum

import httpx

from local.simulators.call_registry import CallRegistry, KnownCall, LocalCallControl
from local.simulators.phone import Opening, PhoneCall
from local.simulators.phone_line import CallIdentity, PhoneLine, WebhookSender
from local.simulators.settings import SimulatorSettings

logger = logging.getLogger(__name__)

MOST_CALLS_AT_ONCE = 20
RINGING_SECONDS = 0.3
DETECTION_SECONDS = 0.5
GREETING_SECONDS = 0.5
"""Of a machine, to its beep; real ones take longer."""

LONGEST_CALL_SECONDS = 120
"""A simulated person hangs up after two minutes of listening."""


class Callee(Enum):
    """What the called person does. Values are Twilio's final call status, or what it reports about who answered."""

    HUMAN = "human"
    MACHINE = "machine_start"
    FAX = "fax"
    BUSY = "busy"
    NO_ANSWER = "no-answer"


class OutboundCalls:
    """The calls that the platform placed."""

    def __init__(self, settings: SimulatorSettings, *, registry: CallRegistry, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._registry = registry
        self._sender = WebhookSender(client, auth_token=lambda: settings.twilio_auth_token)
        self._running: set[asyncio.Task[None]] = set()
        self.callee = Callee.HUMAN

    @property
    def running(self) -> int:
        """Calls in progress."""
        return len(self._running)

    def place(self, form: Mapping[str, str]) -> KnownCall | None:
        """Begin a call; None when too many are in progress."""
        if len(self._running) >= MOST_CALLS_AT_ONCE:
            return None
        identity = CallIdentity(
            account_sid=self._settings.twilio_account_sid,
            caller=form["From"],
            called=form["To"],
            direction="outbound-api",
        )
        call = self._registry.announce(
            sid=identity.call_sid, caller=identity.caller, called=identity.called, direction=identity.direction
        )
        call.status = "queued"
        task = asyncio.create_task(self._play(call, identity, dict(form)))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return call

    async def stop(self) -> None:
        """Cut all calls."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _play(self, call: KnownCall, identity: CallIdentity, form: Mapping[str, str]) -> None:
        events = form.get("StatusCallbackEvent", "completed").replace(",", " ").split()
        callback = form.get("StatusCallback")
        call.status = "ringing"
        await self._tell(callback, identity, "ringing", wanted="ringing" in events)
        await asyncio.sleep(RINGING_SECONDS)
        if self.callee in {Callee.BUSY, Callee.NO_ANSWER}:
            self._registry.end(call.sid, status=self.callee.value)
            await self._tell(callback, identity, self.callee.value, wanted=True)
            return
        call.status = "in-progress"
        await self._tell(callback, identity, "in-progress", wanted="answered" in events)
        detecting = asyncio.create_task(self._detect(identity, form))
        try:
            await self._listen(identity, form)
        finally:
            detecting.cancel()
            await asyncio.gather(detecting, return_exceptions=True)

    async def _detect(self, identity: CallIdentity, form: Mapping[str, str]) -> None:
        """Say who answered while the call goes on: at once, or when a machine has played its greeting."""
        detection = form.get("MachineDetection", "")
        if detection not in {"Enable", "DetectMessageEnd"}:
            return
        answerer = self.callee.value
        await asyncio.sleep(DETECTION_SECONDS)
        if self.callee is Callee.MACHINE and detection == "DetectMessageEnd":
            await asyncio.sleep(GREETING_SECONDS)
            answerer = "machine_end_beep"
        await self._tell(form.get("AsyncAmdStatusCallback"), identity, "in-progress", wanted=True, AnsweredBy=answerer)

    async def _listen(self, identity: CallIdentity, form: Mapping[str, str]) -> None:
        line = PhoneLine(
            base_url=self._settings.base_url,
            auth_token=self._settings.twilio_auth_token,
            account_sid=self._settings.twilio_account_sid,
            number=identity.caller,
        )
        opening = Opening(
            url=form.get("Url", self._settings.base_url),
            status_callback=form.get("StatusCallback"),
            twiml=form.get("Twiml"),
            first_status="in-progress",
        )
        control = LocalCallControl(self._registry)
        async with PhoneCall(line, identity=identity, opening=opening, control=control) as conversation:
            with suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_CALL_SECONDS):
                    await conversation.over()

    async def _tell(self, url: str | None, identity: CallIdentity, status: str, *, wanted: bool, **more: str) -> None:
        if url is None or not wanted:
            return
        parameters = {
            **identity.parameters(call_status=status),
            "CallbackSource": "call-progress-events",
            "Timestamp": format_datetime(datetime.now(UTC)),
            **more,
        }
        try:
            await self._sender.post(url, parameters)
        except httpx.HTTPError as error:
            logger.warning("call_status_failed", extra={"reason": type(error).__name__})
