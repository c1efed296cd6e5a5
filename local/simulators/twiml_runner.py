"""Follows TwiML through a call: says, connects, redirects, asks the next address, until there is nothing left."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from urllib.parse import urljoin

import httpx

from local.simulators.called_person import CalledPerson, Person
from local.simulators.handset import CallStep, Handset
from local.simulators.media_messages import StreamScript
from local.simulators.media_stream import CallClock, MediaStream, StreamEnd, StreamRefused
from local.simulators.phone_line import CallIdentity, WebhookSender, new_sid
from local.simulators.twiml import StreamInstruction, TwimlInvalid, Verb, parse_twiml, stream_instruction

logger = logging.getLogger(__name__)

MOST_VERBS = 100
"""Of one call: a recovery that redirects to itself for ever ends here."""

REFUSED_UPGRADE = "31920"
LOST_CONNECTION = "31924"


class CallEnd(Enum):
    """Why a call is over."""

    CALLER_HUNG_UP = "the caller hung up"
    PLATFORM_HUNG_UP = "the platform hung up"
    INSTRUCTIONS_ENDED = "no instruction was left"
    WEBHOOK_FAILED = "a webhook gave no usable answer"


class WebhookFailed(Exception):
    """Twilio would play an error message and end the call (11200, 12100)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """TwiML and where it came from, against which its relative addresses are read."""

    url: str
    verbs: tuple[Verb, ...]


class TwimlRunner:
    """Executes a call's TwiML and remembers what it met on the way."""

    def __init__(
        self,
        identity: CallIdentity,
        sender: WebhookSender,
        *,
        auth_token: str,
        clock: CallClock,
        handset: Handset,
        person: Person = Person.TAKES_THE_CALL,
    ) -> None:
        self._identity = identity
        self._sender = sender
        self._auth_token = auth_token
        self._clock = clock
        self._handset = handset
        self._callbacks: set[asyncio.Task[None]] = set()
        self.stream: MediaStream | None = None
        self.streams: list[MediaStream] = []
        self.connected = asyncio.Event()
        """Set with the first stream."""
        self.refusals: list[StreamRefused] = []
        self.announcements: list[str] = []
        """What Say and Play would have been heard to say; Twilio's own voice is not simulated."""
        self.transferred_to: str | None = None
        self.person = CalledPerson(person, sender)
        self.failure: str | None = None

    async def ask(self, url: str, **parameters: str) -> Document:
        """The TwiML that this address answers.

        Raises:
            WebhookFailed: no answer, an error, or something that is not TwiML.
        """
        status = parameters.pop("CallStatus", "in-progress")
        try:
            answer = await self._sender.post(url, {**self._identity.parameters(call_status=status), **parameters})
            answer.raise_for_status()
            return Document(url=url, verbs=parse_twiml(answer.text))
        except (httpx.HTTPError, TwimlInvalid) as error:
            raise WebhookFailed(f"{url}: {error!r}") from error

    async def follow(self, document: Document) -> CallEnd:
        """Execute verb by verb; a verb that asks an address replaces everything after it."""
        queue = deque(document.verbs)
        for _ in range(MOST_VERBS):
            if not queue:
                break
            verb = queue.popleft()
            if verb.name in {"Hangup", "Reject"}:
                return CallEnd.PLATFORM_HUNG_UP
            following = await self._execute(verb, document.url)
            if following is not None:
                document = following
                queue = deque(document.verbs)
        return CallEnd.INSTRUCTIONS_ENDED

    async def finish_callbacks(self) -> None:
        """Wait for the stream callbacks under way; each has its own timeout."""
        await asyncio.gather(*self._callbacks)

    async def _execute(self, verb: Verb, url: str) -> Document | None:
        match verb.name:
            case "Say" | "Play":
                self.announcements.append(verb.text)
                self._handset.witness(CallStep.ANNOUNCED, verb.text)
            case "Pause":
                await asyncio.sleep(float(verb.attributes.get("length", "1")))
            case "Redirect":
                return await self.ask(urljoin(url, verb.text))
            case "Connect":
                return await self._connect(verb, url)
            case "Dial":
                return await self._dial(verb, url)
            case _:
                logger.warning("verb_not_simulated", extra={"verb": verb.name})
        return None

    async def _connect(self, verb: Verb, url: str) -> Document | None:
        try:
            instruction = stream_instruction(verb)
        except TwimlInvalid as error:
            raise WebhookFailed(f"{url}: {error}") from error
        if instruction is not None:
            await self._stream(instruction, url)
        action = verb.attributes.get("action")
        return await self.ask(urljoin(url, action)) if action else None

    async def _dial(self, verb: Verb, url: str) -> Document | None:
        """Whoever takes the call is done with it at once: what matters is what comes before and after."""
        self.transferred_to = verb.text or next((child.text for child in verb.children), "")
        self._handset.witness(CallStep.TRANSFERRED, self.transferred_to)
        outcome = await self.person.ring(self._identity, verb, url)
        action = verb.attributes.get("action")
        return await self.ask(urljoin(url, action), **outcome.parameters()) if action else None

    async def _stream(self, instruction: StreamInstruction, url: str) -> None:
        script = StreamScript(
            account_sid=self._identity.account_sid, call_sid=self._identity.call_sid, stream_sid=new_sid("MZ")
        )
        stream = MediaStream(
            instruction, script, clock=self._clock, tape=self._handset.earpiece, microphone=self._handset.microphone
        )
        callback_url = urljoin(url, instruction.status_callback) if instruction.status_callback else None
        try:
            await stream.open(auth_token=self._auth_token)
        except StreamRefused as error:
            self.refusals.append(error)
            self._tell(callback_url, instruction, stream, "stream-error", error=REFUSED_UPGRADE)
            return
        self._tell(callback_url, instruction, stream, "stream-started")
        self.stream = stream
        self.streams.append(stream)
        self.connected.set()
        self._handset.witness(CallStep.CONNECTED, "")
        end: StreamEnd | None = None
        try:
            end = await stream.run()
        finally:
            self.stream = None
            self._handset.witness(CallStep.DISCONNECTED, "")
            if end is StreamEnd.LOST:
                self._tell(callback_url, instruction, stream, "stream-error", error=LOST_CONNECTION)
            self._tell(callback_url, instruction, stream, "stream-stopped")

    def _tell(
        self,
        url: str | None,
        instruction: StreamInstruction,
        stream: MediaStream,
        event: str,
        *,
        error: str | None = None,
    ) -> None:
        if url is None:
            return
        parameters = {
            "AccountSid": self._identity.account_sid,
            "CallSid": self._identity.call_sid,
            "StreamSid": stream.stream_sid,
            "StreamName": instruction.name or "",
            "StreamEvent": event,
            "Timestamp": datetime.now(UTC).isoformat(),
        }
        if error is not None:
            parameters["StreamError"] = error
        task = asyncio.create_task(self._post_callback(url, parameters))
        self._callbacks.add(task)
        task.add_done_callback(self._callbacks.discard)

    async def _post_callback(self, url: str, parameters: dict[str, str]) -> None:
        try:
            await self._sender.post(url, parameters)
        except httpx.HTTPError as error:
            logger.warning("stream_callback_failed", extra={"reason": type(error).__name__})
