"""Telephone calls through Twilio: webhooks in, TwiML out, and what is done to a call by REST.

Source: Twilio, "TwiML <Stream>", "TwiML <Dial>", "TwiML <Number>: url", "TwiML <Gather>", "Call resource".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from twilio.twiml.voice_response import Connect, VoiceResponse

from shared.adapters.provider_json import text_of
from shared.adapters.twilio.signature import TwilioSignature, twilio_signature
from shared.adapters.twilio.voice_form import read_call
from shared.errors import ProviderRejected, ProviderUnavailable
from shared.http_contract import HTTPRequest, HTTPResponse
from shared.ports.telephony import PhoneCall

if TYPE_CHECKING:
    from shared.adapters.provider_client import ProviderClient
    from shared.settings import Settings

# 21220: the call is not in progress any more. Source: Twilio, "Error and warning dictionary".
_GONE = frozenset({"20404", "404", "21220"})
_LANGUAGE = "en-IN"
_DIAL_SECONDS = 25
# A person who does not press a key hears the briefing twice.
_BRIEFINGS = 2
_KEY_SECONDS = 5
ONE_MOMENT = "One moment, please."
# Source: W3C, XML 1.0, production 2 (Char).
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class TwilioVoice:
    """The telephony port over Twilio."""

    def __init__(
        self,
        *,
        signature: TwilioSignature,
        public_base_url: str,
        media_base_url: str,
        open_client: Callable[[], ProviderClient],
    ) -> None:
        self._signature = signature
        self._webhooks = f"{public_base_url}/webhooks/voice"
        self._media_base_url = media_base_url
        self._open_client = open_client
        self._client: ProviderClient | None = None

    def verify(self, request: HTTPRequest) -> None:
        """Check Twilio's signature.

        Raises:
            SignatureInvalid: it is missing or does not match.
        """
        self._signature.verify(request)

    def parse(self, request: HTTPRequest) -> PhoneCall:
        """The call that a voice webhook is about.

        Raises:
            InvalidRequest: the form names no call.
        """
        return read_call(request)

    def connect(self, token: str, *, pause_seconds: int = 0) -> HTTPResponse:
        """Stream the call's audio to the token's address.

        Twilio never reconnects a lost stream: it asks the `action` address what to do, or, if that fails, goes on to
        the verb after it, which asks once more.
        """
        twiml = VoiceResponse()
        if pause_seconds:
            twiml.say(ONE_MOMENT, language=_LANGUAGE)
            twiml.pause(length=pause_seconds)
        connect = Connect(action=f"{self._webhooks}/recover", method="POST")
        stream = connect.stream(
            url=f"{self._media_base_url}/media/{token}",
            status_callback=f"{self._webhooks}/stream-status",
            status_callback_method="POST",
        )
        # A stream's address cannot carry a query, so whatever else is to reach the stream travels as a parameter.
        stream.parameter(name="token", value=token)
        twiml.append(connect)
        twiml.redirect(f"{self._webhooks}/recover", method="POST")
        return _xml(twiml)

    def refuse(self, text: str) -> HTTPResponse:
        """Say why nobody can talk now, and hang up: a caller is never met with silence."""
        return _xml(_farewell(text))

    def dial(self, number: str, text: str, *, call: PhoneCall, longest_seconds: int) -> HTTPResponse:
        """See `Telephony.dial`. The caller hears ringing while the person is briefed."""
        twiml = VoiceResponse()
        twiml.say(_speakable(text), language=_LANGUAGE)
        dial = twiml.dial(
            timeout=_DIAL_SECONDS,
            time_limit=longest_seconds,
            caller_id=f"+{call.business_id}" if call.business_id.isdecimal() else None,
            answer_on_bridge=True,
            action=f"{self._webhooks}/transfer-result",
            method="POST",
        )
        dial.number(number, url=self._briefing_url(call.call_sid), method="POST")
        return _xml(twiml)

    def brief(self, text: str, *, on_behalf_of: str) -> HTTPResponse:
        """See `Telephony.brief`. A key is wanted because a mailbox, too, takes a call and stays on the line."""
        twiml = VoiceResponse()
        for _ in range(_BRIEFINGS):
            gather = twiml.gather(
                input="dtmf",
                num_digits=1,
                finish_on_key="",
                timeout=_KEY_SECONDS,
                action=self._briefing_url(on_behalf_of),
                method="POST",
            )
            gather.say(_speakable(text), language=_LANGUAGE)
        twiml.hangup()
        return _xml(twiml)

    def put_through(self) -> HTTPResponse:
        """Connect the two: Twilio does when the person's instructions are over."""
        return _xml(VoiceResponse())

    def hang_up(self) -> HTTPResponse:
        """End the call."""
        twiml = VoiceResponse()
        twiml.hangup()
        return _xml(twiml)

    async def place_call(
        self,
        user_id: str,
        business_id: str,
        *,
        ring_seconds: int,
        longest_seconds: int,
        awaits_beep: bool = False,
    ) -> str:
        """See `Dialler.place_call`. Whether a person answered is told to a webhook while the call goes on."""
        form = {
            "To": f"+{user_id}",
            "From": f"+{business_id}",
            "Url": f"{self._webhooks}/incoming",
            "Method": "POST",
            "StatusCallback": f"{self._webhooks}/status",
            "StatusCallbackMethod": "POST",
            "MachineDetection": "DetectMessageEnd" if awaits_beep else "Enable",
            "AsyncAmd": "true",
            "AsyncAmdStatusCallback": f"{self._webhooks}/machine-detection",
            "AsyncAmdStatusCallbackMethod": "POST",
            "Timeout": str(ring_seconds),
            "TimeLimit": str(longest_seconds),
        }
        call_sid = text_of(await self._rest().post("/Calls.json", form=form), "sid")
        if not call_sid:
            raise ProviderUnavailable("Twilio took the call without naming it.")
        return call_sid

    async def end_call(self, call_sid: str) -> None:
        """End a call from our side; one that is over already, or unknown to Twilio by now, is fine.

        Raises:
            ProviderUnavailable: not known whether it ended.
        """
        try:
            await self._rest().post(f"/Calls/{call_sid}.json", form={"Status": "completed"})
        except ProviderRejected as error:
            if error.provider_code not in _GONE:
                raise ProviderUnavailable("Twilio did not end the call.") from error

    async def leave_message(self, call_sid: str, text: str) -> None:
        """See `Telephony.leave_message`."""
        await self._rest().post(f"/Calls/{call_sid}.json", form={"Twiml": str(_farewell(text))})

    def _briefing_url(self, call_sid: str) -> str:
        return f"{self._webhooks}/transfer-summary?call={call_sid}"

    def _rest(self) -> ProviderClient:
        if self._client is None:
            self._client = self._open_client()
        return self._client

    async def aclose(self) -> None:
        """Close the connections to the provider."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None


def _farewell(text: str) -> VoiceResponse:
    twiml = VoiceResponse()
    twiml.say(_speakable(text), language=_LANGUAGE)
    twiml.hangup()
    return twiml


def _speakable(text: str) -> str:
    """The text without characters that XML cannot hold in any form; models and people write them."""
    return _NOT_XML.sub(" ", text)


def _xml(twiml: VoiceResponse) -> HTTPResponse:
    return HTTPResponse.xml(str(twiml))


def twilio_voice(settings: Settings) -> TwilioVoice:
    """Telephony as the settings describe it."""

    def open_client() -> ProviderClient:
        from shared.adapters.twilio.client import client_of  # Loads the HTTP client.

        return client_of(settings)

    return TwilioVoice(
        signature=twilio_signature(settings),
        public_base_url=settings.public_base_url,
        media_base_url=settings.media_base_url,
        open_client=open_client,
    )
