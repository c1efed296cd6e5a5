"""How a call reaches a server: Twilio's way, by webhook and TwiML, or straight to a socket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import httpx

from benchmarks.voice.media_socket import SocketAddress
from local.simulators.phone_line import CallIdentity, PhoneLine, WebhookSender
from local.simulators.signatures import TWILIO_SIGNATURE_HEADER, sign_twilio
from local.simulators.twiml import TwimlInvalid, parse_twiml, stream_instruction

CALLED_NUMBER = "+918047112233"


class CallNotConnected(Exception):
    """The webhook did not lead to a media stream; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RingingCall:
    """A call that shall be connected to this socket, and what its stream says of itself."""

    identity: CallIdentity
    socket: SocketAddress
    parameters: Mapping[str, str]


class Door(Protocol):
    """Where calls arrive."""

    async def ring(self, caller: str) -> RingingCall:
        """Ask what to do with a new call.

        Raises:
            CallNotConnected: it is not to be connected to a stream.
        """

    async def report_end(self, call: RingingCall) -> None:
        """Tell that the call is over."""


class WebhookDoor:
    """The platform's telephone number. Implements Door."""

    def __init__(self, client: httpx.AsyncClient, line: PhoneLine, *, media_host: str, media_port: int) -> None:
        """Sockets are opened at `media_host:media_port` for the address that TwiML names, as a load balancer would."""
        self._line = line
        self._media = (media_host, media_port)
        self._sender = WebhookSender(client, auth_token=lambda: line.auth_token)

    async def ring(self, caller: str) -> RingingCall:
        """Post the signed webhook and read the TwiML."""
        identity = CallIdentity(account_sid=self._line.account_sid, caller=caller, called=self._line.number)
        try:
            answer = await self._sender.post(self._line.incoming_url, identity.parameters(call_status="ringing"))
            answer.raise_for_status()
            verbs = parse_twiml(answer.text)
            connect = next((verb for verb in verbs if verb.name == "Connect"), None)
            instruction = None if connect is None else stream_instruction(connect)
        except (httpx.HTTPError, TwimlInvalid) as error:
            raise CallNotConnected(f"{type(error).__name__}: {error}") from error
        if instruction is None:
            raise CallNotConnected(f"refused: {' '.join(verb.text or verb.name for verb in verbs)}")
        host, port = self._media
        signature = sign_twilio(instruction.url, {}, self._line.auth_token)
        headers = {TWILIO_SIGNATURE_HEADER.lower(): signature, "User-Agent": "Twilio.TmeWs/1.0"}
        socket = SocketAddress(url=instruction.url, host=host, port=port, headers=headers)
        return RingingCall(identity=identity, socket=socket, parameters=instruction.parameters)

    async def report_end(self, call: RingingCall) -> None:
        """Post the call's last status, without which its place would stay taken."""
        parameters = {**call.identity.parameters(call_status="completed"), "CallDuration": "60", "Duration": "1"}
        await self._sender.post(self._line.status_url, parameters)


class SocketDoor:
    """A server that takes any socket, as the examples of frameworks do. Implements Door."""

    def __init__(self, *, host: str, port: int, path: str) -> None:
        self._host, self._port, self._path = host, port, path

    async def ring(self, caller: str) -> RingingCall:
        """There is nobody to ask."""
        identity = CallIdentity(account_sid="AC" + "0" * 31 + "1", caller=caller, called=CALLED_NUMBER)
        url = f"ws://{self._host}:{self._port}{self._path}"
        return RingingCall(
            identity=identity,
            socket=SocketAddress(url=url, host=self._host, port=self._port, headers={}),
            parameters={},
        )

    async def report_end(self, call: RingingCall) -> None:
        """There is nobody to tell."""
