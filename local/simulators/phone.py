"""A telephone call as Twilio conducts it: webhook, TwiML, media stream, callbacks. The caller is whoever uses this."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from types import TracebackType
from typing import Self

import httpx

from local.simulators.call_control import (
    CallControl,
    HangUp,
    Instruction,
    NoCallControl,
    RemoteCallControl,
)
from local.simulators.call_tape import Utterance
from local.simulators.called_person import Person
from local.simulators.handset import Handset
from local.simulators.media_stream import CallClock, Clear, MediaStream
from local.simulators.phone_line import CallIdentity, PhoneLine, WebhookSender
from local.simulators.twiml import TwimlInvalid, parse_twiml
from local.simulators.twiml_runner import CallEnd, Document, TwimlRunner, WebhookFailed
from stream_service.media.audio import BYTES_PER_MS

DEFAULT_CALLER = "+919845012345"
POLL_SECONDS = 0.01
"""How often the waiting methods look at the tape: finer than a frame."""

MOST_WAITING_INSTRUCTIONS = 10


class CallFailed(Exception):
    """What the caller waited for did not come: the call was not connected, or is over, or it took too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How a call begins: the address asked for its first TwiML (or that TwiML itself) and who hears of its end."""

    url: str
    status_callback: str | None
    twiml: str | None = None
    first_status: str = "ringing"
    """Twilio's call status at that moment; an outbound call is answered before its TwiML is asked for."""


class PhoneCall:
    """One call, from ringing to its last callback; use it as an asynchronous context.

    All times are ms since the call was answered. Entering waits until the stream runs or the call is over.
    """

    def __init__(
        self,
        line: PhoneLine,
        *,
        caller: str = DEFAULT_CALLER,
        identity: CallIdentity | None = None,
        opening: Opening | None = None,
        control: CallControl | None = None,
        person: Person = Person.TAKES_THE_CALL,
        handset: Handset | None = None,
    ) -> None:
        handset = handset or Handset()
        self._line = line
        self.identity = identity or CallIdentity(account_sid=line.account_sid, caller=caller, called=line.number)
        self._opening = opening or Opening(url=line.incoming_url, status_callback=line.status_url)
        self._control = control
        self._client = httpx.AsyncClient(trust_env=False)
        self._sender = WebhookSender(self._client, auth_token=lambda: line.auth_token)
        self._clock = CallClock()
        self.tape = handset.earpiece
        self.calling = TwimlRunner(
            self.identity,
            self._sender,
            auth_token=line.auth_token,
            clock=self._clock,
            handset=handset,
            person=person,
        )
        self._instructions: asyncio.Queue[Instruction] = asyncio.Queue(MOST_WAITING_INSTRUCTIONS)
        self._life: asyncio.Task[CallEnd] | None = None
        self._listened_until_ms = 0
        self.latest_speech: Utterance | None = None

    async def __aenter__(self) -> Self:
        life = self.begin()
        connected = asyncio.create_task(self.calling.connected.wait())
        await asyncio.wait({life, connected}, return_when=asyncio.FIRST_COMPLETED)
        connected.cancel()
        return self

    def begin(self) -> asyncio.Task[CallEnd]:
        """Let it ring, and return at once; entering the context does this and waits until somebody answers."""
        if self._life is None:
            self._life = asyncio.create_task(self._live())
        return self._life

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.hang_up()
        await self._client.aclose()

    @property
    def call_sid(self) -> str:
        """Twilio's id of the call."""
        return self.identity.call_sid

    @property
    def is_over(self) -> bool:
        """The call ended and its callbacks were sent."""
        return self._life is not None and self._life.done()

    @property
    def clears(self) -> list[Clear]:
        """Every time the platform cut its own speech."""
        return [clear for stream in self.calling.streams for clear in stream.clears]

    @property
    def protocol_errors(self) -> list[str]:
        """What the platform sent that Twilio would have reported as an error."""
        return [error for stream in self.calling.streams for error in stream.protocol_errors]

    @property
    def now_ms(self) -> int:
        """Since the call was answered."""
        return self._clock.samples() // BYTES_PER_MS

    @property
    def largest_lag_ms(self) -> int:
        """How late the simulator's own worst frame left; large values spoil every other figure."""
        return max((stream.largest_lag_ms for stream in self.calling.streams), default=0)

    async def say(self, mulaw: bytes) -> Utterance:
        """Speak; returns when the last frame has left.

        Raises:
            CallFailed: there is no stream, or nothing audible was said before it ended.
        """
        speech = await self._require_stream().say(mulaw)
        if speech is None:
            raise CallFailed("nothing audible could be said")
        self.latest_speech = speech
        self._listened_until_ms = speech.end_ms
        return speech

    async def press(self, digit: str) -> None:
        """Press one key."""
        await self._require_stream().press(digit)

    async def listen_until_silence(self, *, quiet_ms: int = 1200, timeout_seconds: float = 20) -> Utterance:
        """What the agent says next: from its first audible sample until it has been quiet for `quiet_ms`.

        Raises:
            CallFailed: nothing was heard, or it did not stop, within the time; or the call ended in silence.
        """
        since_ms = self._listened_until_ms
        await self.wait_until_heard(timeout_seconds=timeout_seconds)
        await self._wait(lambda: self._is_quiet(since_ms, quiet_ms), timeout_seconds, "the agent did not stop talking")
        heard = self.tape.heard_between(since_ms)
        if heard is None:
            raise CallFailed("nothing was heard")
        self._listened_until_ms = heard.end_ms
        return heard

    async def wait_until_heard(self, *, audible_ms: int = 0, timeout_seconds: float = 20) -> None:
        """Until the agent can be heard, and then `audible_ms` more.

        Raises:
            CallFailed: nothing was heard in time, or the call ended.
        """
        since_ms = self._listened_until_ms

        def has_begun() -> bool:
            heard = self.tape.heard_between(since_ms)
            return heard is not None and heard.end_ms - heard.start_ms >= audible_ms

        await self._wait(has_begun, timeout_seconds, "the agent was not heard")

    def response_ms(self, answer: Utterance) -> int:
        """From the caller's last audible sample to the first sample of this answer.

        Raises:
            CallFailed: nothing has been said yet.
        """
        if self.latest_speech is None:
            raise CallFailed("nothing has been said yet")
        return answer.start_ms - self.latest_speech.end_ms

    async def wait_until_over(self, *, timeout_seconds: float = 30) -> CallEnd:
        """Until the platform has ended the call.

        Raises:
            CallFailed: it did not in time.
        """
        if self._life is None:
            raise CallFailed("the call was not begun")
        done, _ = await asyncio.wait({self._life}, timeout=timeout_seconds)
        if not done:
            raise CallFailed(f"the call was not ended within {timeout_seconds} s")
        return self._life.result()

    async def over(self) -> None:
        """Wait for the end of the call, however long it takes."""
        if self._life is not None:
            await asyncio.wait({self._life})

    async def hang_up(self) -> CallEnd:
        """Put the telephone down, if the call is not over; returns why it ended."""
        if not self.is_over:
            await self._instructions.put(HangUp(by_platform=False))
        return await self.wait_until_over()

    def _require_stream(self) -> MediaStream:
        if self.calling.stream is None:
            raise CallFailed(self._why_silent())
        return self.calling.stream

    def _why_silent(self) -> str:
        if self.calling.failure:
            return self.calling.failure
        if self.calling.refusals:
            refusal = self.calling.refusals[-1]
            return f"the media stream was refused: {refusal} (HTTP {refusal.status})"
        if self._life is not None and self._life.done():
            said = "; ".join(self.calling.announcements)
            return f"the call is over: {self._life.result().value}" + (f" after announcing: {said}" if said else "")
        return "no media stream runs"

    def _is_quiet(self, since_ms: int, quiet_ms: int) -> bool:
        heard = self.tape.heard_between(since_ms)
        now_ms = len(self.tape.heard) // BYTES_PER_MS
        stream = self.calling.stream
        is_drained = stream is None or stream.queued_ms == 0
        return heard is not None and is_drained and (self.is_over or now_ms - heard.end_ms >= quiet_ms)

    async def _wait(self, is_so: Callable[[], bool], timeout_seconds: float, otherwise: str) -> None:
        deadline = self._clock.seconds() + timeout_seconds
        while not is_so():
            if self.is_over:
                raise CallFailed(self._why_silent())
            if self._clock.seconds() > deadline:
                raise CallFailed(f"{otherwise} within {timeout_seconds:g} s")
            await asyncio.sleep(POLL_SECONDS)

    async def _live(self) -> CallEnd:
        control = self._control or self._default_control()
        try:
            await control.announce(self.identity)
        except httpx.HTTPError as error:
            self.calling.failure = f"the provider simulator does not answer: {error!r}"
            return CallEnd.WEBHOOK_FAILED
        obeying = asyncio.create_task(self._obey(control))
        try:
            return await self._conduct()
        finally:
            obeying.cancel()
            await asyncio.gather(obeying, return_exceptions=True)
            await control.end()
            await self._report_end()

    async def _conduct(self) -> CallEnd:
        """Follow the opening TwiML until it ends or an instruction from outside replaces it."""
        following = asyncio.create_task(self._follow_opening())
        waiting = asyncio.create_task(self._instructions.get())
        try:
            while True:
                await asyncio.wait({following, waiting}, return_when=asyncio.FIRST_COMPLETED)
                if following.done():
                    return following.result()
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)
                instruction = waiting.result()
                if isinstance(instruction, HangUp):
                    return CallEnd.PLATFORM_HUNG_UP if instruction.by_platform else CallEnd.CALLER_HUNG_UP
                following = asyncio.create_task(
                    self._follow(instruction.url or self._opening.url, instruction.twiml, call_status="in-progress")
                )
                waiting = asyncio.create_task(self._instructions.get())
        finally:
            following.cancel()
            waiting.cancel()
            await asyncio.gather(following, waiting, return_exceptions=True)

    async def _follow_opening(self) -> CallEnd:
        opening = self._opening
        return await self._follow(opening.url, opening.twiml, call_status=opening.first_status)

    async def _follow(self, url: str, twiml: str | None, *, call_status: str) -> CallEnd:
        try:
            if twiml is None:
                document = await self.calling.ask(url, CallStatus=call_status)
            else:
                document = Document(url=url, verbs=parse_twiml(twiml))
            return await self.calling.follow(document)
        except (WebhookFailed, TwimlInvalid) as error:
            self.calling.failure = f"the call could not be answered: {error}"
            return CallEnd.WEBHOOK_FAILED

    async def _obey(self, control: CallControl) -> None:
        async for instruction in control.instructions():
            await self._instructions.put(instruction)

    def _default_control(self) -> CallControl:
        if self._line.simulator_url is None:
            return NoCallControl()
        return RemoteCallControl(self._client, self._line.simulator_url)

    async def _report_end(self) -> None:
        await self.calling.finish_callbacks()
        if self._opening.status_callback is None:
            return
        parameters = {
            **self.identity.parameters(call_status="completed"),
            "CallDuration": str(round(self._clock.seconds())),
            "Duration": str(-(-round(self._clock.seconds()) // 60)),
            "CallbackSource": "call-progress-events",
            "SequenceNumber": "0",
            "Timestamp": format_datetime(datetime.now(UTC)),
        }
        try:
            await self._sender.post(self._opening.status_callback, parameters)
        except httpx.HTTPError as error:
            self.calling.failure = f"the status callback failed: {error!r}"
